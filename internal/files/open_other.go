//go:build !unix

package files

// withoutWaiting is nothing where the system knows no such thing: there the context alone ends the waiting.
const withoutWaiting = 0
