package preview

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// Streams are those of this process.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// terminal returns the file of a stream that is a terminal, else nil.
func terminal(stream any) *os.File {
	if f, ok := stream.(*os.File); ok && isTerminal(f) {
		return f
	}
	return nil
}

// oneStream tells whether output and errors go to one file, as by 2>&1.
func (s Streams) oneStream() bool {
	out, ok := s.Out.(*os.File)
	err, also := s.Err.(*os.File)
	return ok && also && isSame(out, err)
}

// foreground tells whether the streams have a terminal with our process group in its foreground.
func (s Streams) foreground() bool {
	for _, stream := range []any{s.In, s.Out, s.Err} {
		if f := terminal(stream); f != nil && inForeground(f) {
			return true
		}
	}
	return false
}

// signals are what this process is told. They are listened to from the start, so that no one of them ends it before it has
// tidied up.
type signals struct {
	told       chan os.Signal
	last       os.Signal // nil where none came yet
	foreground bool
}

func listen(s Streams) *signals {
	l := &signals{told: make(chan os.Signal, 8), foreground: s.foreground()}
	signal.Notify(l.told, os.Interrupt, syscall.SIGTERM)
	return l
}

func (l *signals) stop() { signal.Stop(l.told) }

// heard tells whether there was a signal, and its exit code by convention.
func (l *signals) heard() (code int, ok bool) {
	select {
	case l.last = <-l.told:
	default:
	}
	if number, ok := l.last.(syscall.Signal); ok {
		return 128 + int(number), true
	}
	return 0, false
}

// run runs a command to its end and returns its exit code. What this process is told goes to the command as well. When stop is
// closed, it is asked to end, and killed where it does not. started hears the id of its process.
func (l *signals) run(c *exec.Cmd, started func(pid int), stop <-chan struct{}) (code int, err error) {
	c.SysProcAttr = inGroup(l.foreground)
	c.WaitDelay = patience // what it started may hold its output open
	if err := c.Start(); err != nil {
		return 0, err
	}
	started(c.Process.Pid)
	defer started(0)
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	var kill <-chan time.Time
	for {
		select {
		case l.last = <-l.told:
			if !l.foreground || passedOn(l.last) {
				_ = c.Process.Signal(l.last)
			}
		case <-stop:
			stop = nil
			_ = interrupt(c.Process)
			kill = time.After(patience)
		case <-kill:
			_ = c.Process.Kill()
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
				return 0, err
			}
			return exitCode(c.ProcessState), nil
		}
	}
}
