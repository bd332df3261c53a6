//go:build unix

package files

import "syscall"

// withoutWaiting opens a pipe without waiting for its other end, and a terminal without becoming controlled by it. On a
// regular file neither means anything.
//
// Source: https://pubs.opengroup.org/onlinepubs/9799919799/functions/open.html
const withoutWaiting = syscall.O_NONBLOCK | syscall.O_NOCTTY
