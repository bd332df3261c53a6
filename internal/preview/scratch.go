package preview

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// GuardCommand is the command by which this program starts itself as the guard of a scratch folder.
const GuardCommand = "guard"

// A scratch is a folder that is gone when the run is, however it ends. A process of its own, the guard, makes it, removes it
// once this process has closed a pipe or is no more, and ends a CLI that outlives this process.
type scratch struct {
	path  string
	guard *exec.Cmd
	tell  io.WriteCloser
}

// longestSocket is how long the path of a Unix socket may be on every system, in bytes, and nameRoom what is left for its name.
//
// Source: https://man7.org/linux/man-pages/man7/unix.7.html: 108 with the zero at the end, and 104 on macOS
const (
	longestSocket = 103
	nameRoom      = len("/s1000")
)

func newScratch(self string) (*scratch, error) {
	guard := exec.Command(self, GuardCommand)
	guard.Args[0] = "dynamoguard" // not that of a forwarder or of the shim
	guard.SysProcAttr = inOwnSession()
	tell, err := guard.StdinPipe()
	if err != nil {
		return nil, err
	}
	said, err := guard.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := guard.Start(); err != nil {
		return nil, err
	}
	s := &scratch{guard: guard, tell: tell}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err == nil {
		s.path, err = strconv.Unquote(strings.TrimSpace(line))
	}
	if err != nil {
		_ = s.close()
		return nil, errors.New("the temporary folder for the run could not be made in " + os.TempDir())
	}
	return s, nil
}

// runs tells the guard which process it has to end where this one cannot; 0 is none.
func (s *scratch) runs(pid int) { _, _ = fmt.Fprintln(s.tell, pid) }

// close removes the folder.
func (s *scratch) close() error {
	_ = s.tell.Close()
	_ = s.guard.Wait()
	if s.path == "" {
		return nil
	}
	return os.RemoveAll(s.path) // where the guard could not
}

// Guard makes a scratch folder and writes its path, quoted. It reads the ids of processes, one a line, of which the last
// counts. At the end of the input it ends that process and removes the folder. What ends the others of its kind does not end
// it.
func Guard(in io.Reader, out io.Writer) error {
	ignoreSignals()
	folder, err := os.MkdirTemp("", "dg")
	if err == nil {
		folder, err = filepath.Abs(folder) // the CLI and its plugins work in other folders
	}
	if err == nil && runtime.GOOS != "windows" && len(folder)+nameRoom > longestSocket {
		_ = os.Remove(folder)
		folder, err = os.MkdirTemp("/tmp", "dg")
	}
	if err != nil {
		return err
	}
	defer func() { _ = removeAll(folder) }()
	if _, err := fmt.Fprintln(out, strconv.Quote(folder)); err != nil {
		return err
	}
	var running *os.Process
	for lines := bufio.NewScanner(in); lines.Scan(); {
		running = nil
		if pid, err := strconv.Atoi(lines.Text()); err == nil && pid > 0 {
			running, _ = os.FindProcess(pid) // now, so that it is that process and not one that has its id later on
		}
	}
	if running != nil {
		endProcess(running)
	}
	return removeAll(folder)
}

// patience is how long the CLI has to end when it is told to.
const patience = 10 * time.Second

// endProcess ends a process that need not be a child of this one.
func endProcess(p *os.Process) {
	_ = interrupt(p)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if p.Signal(syscall.Signal(0)) != nil {
			return
		}
	}
	_ = p.Kill()
}

// removeAll removes a folder, into which processes that are about to end may still write.
func removeAll(folder string) (err error) {
	for range 20 {
		if err = os.RemoveAll(folder); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}
