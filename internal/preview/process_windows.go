package preview

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/windows"
)

// inOwnSession keeps Ctrl-C of the console from a process.
func inOwnSession() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// inGroup leaves a process in the console of this one, which interrupts both.
func inGroup(bool) *syscall.SysProcAttr { return nil }

func passedOn(os.Signal) bool { return false }

func ignoreSignals() { signal.Ignore(os.Interrupt) }

// interrupt ends a process: Windows has no signal for one process of a console.
func interrupt(p *os.Process) error { return p.Kill() }

// exitCode is that of a process which has ended.
func exitCode(state *os.ProcessState) int { return state.ExitCode() }

// isTerminal tells whether a file is a console.
func isTerminal(f *os.File) bool {
	var mode uint32
	return windows.GetConsoleMode(windows.Handle(f.Fd()), &mode) == nil
}

// isSame is false: Windows has no number by which two pipes could be told apart.
func isSame(_, _ *os.File) bool { return false }

func inForeground(*os.File) bool { return true }

// replaceBy runs another program, and returns its exit code.
func replaceBy(program string, args []string, s Streams) (int, error) {
	told := listen(s)
	defer told.stop()
	c := exec.Command(program, args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = s.In, s.Out, s.Err
	return told.run(c, func(int) {}, nil)
}
