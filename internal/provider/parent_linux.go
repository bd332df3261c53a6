package provider

import (
	"os/exec"
	"syscall"
)

// endWithParent has the system kill a process with the thread that starts it, which covers what this process cannot: that it is
// killed itself.
func endWithParent(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
