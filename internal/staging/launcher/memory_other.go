//go:build !linux

package main

import "errors"

// execInMemory returns an error: programs are files here.
func execInMemory() error { return errors.New("not on this system") }
