//go:build !unix

package sandbox

import "os/exec"

// inOwnGroup does nothing: there are no process groups here.
func inOwnGroup(*exec.Cmd) {}
