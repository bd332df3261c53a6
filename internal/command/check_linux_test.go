package command

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// aTerminal opens a terminal of 80 columns: what is written to the one file is read from the other.
func aTerminal(t *testing.T) (terminal, screen *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if terminal, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: 80, Row: 24}); err != nil {
		t.Fatal(err)
	}
	return terminal, screen
}

// TestCheckTerminal: on a terminal a report is in colour, unless NO_COLOR is set, and no wider than that.
func TestCheckTerminal(t *testing.T) {
	for variable, colour := range map[string]bool{"": true, "TERM=dumb": false, "NO_COLOR=1": false} {
		p := aProgram(t, map[string]string{"state.json": stateOf("shop", "prod", "orders", encrypted)}, variable)
		terminal, screen := aTerminal(t)
		command := checkCommand(p)
		command.SetOut(terminal)
		command.SetErr(new(bytes.Buffer))
		command.SetArgs([]string{"state.json"})
		command.SilenceUsage, command.SilenceErrors = true, true
		shown := make(chan string)
		go func() {
			var all strings.Builder
			for text := make([]byte, 4<<10); !strings.Contains(all.String(), "1 mandatory finding"); {
				n, err := screen.Read(text)
				if all.Write(text[:n]); err != nil {
					break
				}
			}
			shown <- all.String()
		}()
		if code := end(command.ExecuteContext(t.Context()), os.Stderr, ""); code != 1 {
			t.Errorf("exit code %d", code)
		}
		got := <-shown
		if strings.Contains(got, "\x1b[31mmandatory\x1b[0m") != colour || strings.Contains(got, "\x1b") != colour {
			t.Errorf("with %q: %q", variable, got)
		}
		for line := range strings.Lines(got) {
			if n := len(ansi.ReplaceAllString(strings.TrimRight(line, "\r\n"), "")); n > 80 {
				t.Errorf("%d columns: %q", n, line)
			}
		}
	}
}

// TestProgress: work that takes long shows how far it is, on a terminal alone, and nothing is left of that.
func TestProgress(t *testing.T) {
	terminal, screen := aTerminal(t)
	p := startProgress(terminal, 200)
	p.seen(50)
	read := func() string {
		text := make([]byte, 4<<10)
		n, err := screen.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(text[:n])
	}
	want := "\rjudging [==========                              ]  25 %\x1b[K"
	if got := read(); got != want {
		t.Errorf("%q", got)
	}
	p.end()
	if got := strings.ReplaceAll(read(), want, ""); got != "\r\x1b[K" {
		t.Errorf("%q is left", got)
	}

	var log bytes.Buffer
	p = startProgress(&log, 1)
	p.end()
	if log.Len() > 0 {
		t.Errorf("in a log: %q", &log)
	}
	for of, want := range map[int64]string{0: "judging: 3 MB read", 4 << 20: "75 %", 2 << 20: "100 %"} {
		p := &progress{of: of}
		p.seen(3 << 20)
		if got := p.bar(10); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

// TestCheckFullDisk: a report that finds no room is said to.
func TestCheckFullDisk(t *testing.T) {
	p := aProgram(t, map[string]string{"state.json": stateOf("shop", "prod", "orders", good), "other.json": "other"})
	got := p.check(t, "", "state.json", "--format", "text", "--output", "other.json", "--format", "json", "--output", "/dev/full")
	if want := "dynamoguard: the json report could not be written to /dev/full: no space left on device\n"; got.code != 2 || got.stderr != want {
		t.Errorf("exit code %d: %s", got.code, got.stderr)
	}
	if other, err := os.ReadFile("other.json"); string(other) != "other" || err != nil {
		t.Errorf("another report has taken its place: %s, %v", other, err)
	}
}
