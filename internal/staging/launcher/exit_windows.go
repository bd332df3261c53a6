package main

import "os"

// exitCode is what a process has ended with.
func exitCode(state *os.ProcessState) int { return state.ExitCode() }
