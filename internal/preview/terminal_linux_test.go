package preview_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A screen is a terminal, and what was written to it.
type screen struct {
	keyboard *os.File
	done     chan struct{} // closed when nobody writes any more

	mu   sync.Mutex
	text bytes.Buffer
}

// onScreen gives a run a terminal of its own, with its process group in the foreground.
func onScreen(t *testing.T, r *run) *screen {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	r.Stdin, r.Cmd.Stdout, r.Cmd.Stderr = terminal, terminal, terminal
	r.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	s := &screen{keyboard: keyboard, done: make(chan struct{})}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	_ = terminal.Close()
	go func() {
		defer close(s.done)
		p := make([]byte, 4096)
		for {
			n, err := keyboard.Read(p) // fails once the last of them has closed the terminal
			s.mu.Lock()
			s.text.Write(p[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

// shown returns what was written when the run has ended.
func (s *screen) shown(t *testing.T, r *run) string {
	t.Helper()
	outcome := r.end(t)
	<-s.done
	return strings.ReplaceAll(s.text.String(), "\r\n", "\n") + outcome
}

// TestTerminal: on a terminal the output is live, and what a run has shown that another one replaces is wiped.
func TestTerminal(t *testing.T) {
	r := prepare(t, "lookup", []string{"preview"}, "TERM=xterm")
	same(t, "\x1b7thrown away\n\r\x1b8\x1b[J"+
		"dynamoguard: the preview starts again: aws:dynamodb:Table orders is left unforeseen, since aws:dynamodb/getTable:getTable would look for it at AWS\n"+
		"\x1b7thrown away\n\r\x1b8\x1b[J"+
		"dynamoguard: the preview starts again: aws:dynamodb:Table carts is left unforeseen, since aws:dynamodb/getTable:getTable would look for it at AWS\n"+
		"\x1b7shown\n"+`dynamoguard: aws:dynamodb:Table carts was left unforeseen: aws:dynamodb/getTable:getTable would look for it at AWS
dynamoguard: aws:dynamodb:Table orders was left unforeseen: aws:dynamodb/getTable:getTable would look for it at AWS
dynamoguard: 1 of 2 policy documents judged; 0 values foreseen
exit code 0
stdout:
stderr:
`, onScreen(t, r).shown(t, r))
	r = prepare(t, "kill itself", []string{"preview"}, "TERM=dumb")
	same(t, "before\n"+nothing+"exit code 137\nstdout:\nstderr:\n", onScreen(t, r).shown(t, r))
}

// TestTyped: pulumi hears of a Ctrl-C once, from the terminal, and of a signal to the program alone that a computer sends.
func TestTyped(t *testing.T) {
	for _, c := range []struct {
		name, told string
		end        func(*screen, *run) error
	}{
		{"typed", "^Ctold: interrupt", func(s *screen, _ *run) error {
			_, err := s.keyboard.WriteString("\x03")
			return err
		}},
		{"sent", "told: terminated", func(_ *screen, r *run) error { return r.Process.Signal(syscall.SIGTERM) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := prepare(t, "wait", []string{"preview"}, "TERM=dumb")
			var s *screen
			waits(t, r, func() { s = onScreen(t, r) })
			if err := c.end(s, r); err != nil {
				t.Fatal(err)
			}
			same(t, "it waits, in the same group: true\n"+c.told+"\n"+nothing+"exit code 5\nstdout:\nstderr:\n", s.shown(t, r))
		})
	}
}
