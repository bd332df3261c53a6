//go:build !windows

package main

import (
	"os"
	"syscall"
)

// exitCode is what a shell would say of a process that has ended.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
