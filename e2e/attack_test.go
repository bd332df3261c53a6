//go:build attack && linux

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/toolchain"
	"dynamoguard/e2e/internal/wire"
)

// nobody is another user than root, who owns nothing.
const nobody = 65534

// An attack is under way as another user of the machine.
type attack struct {
	t      *testing.T
	stop   io.Closer
	output *bufio.Reader
	wait   func() error
}

// buildAttacker returns a program that every user may run.
func buildAttacker(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "dynamoguard-attack-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(folder, "attacker")
	if err := toolchain.BuildPackage(t.Context(), "dynamoguard/e2e/attacker", program, io.Discard); err != nil {
		t.Fatal(err)
	}
	return program
}

// begin starts an attack, and returns once it looks for ports.
func begin(t *testing.T, program, what string) *attack {
	t.Helper()
	command := exec.Command(program, what)
	command.Dir, command.Stderr = "/", os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() }) // it may have ended
	a := &attack{t, stdin, bufio.NewReader(stdout), command.Wait}
	if line, err := a.output.ReadString('\n'); line != "ready\n" {
		t.Fatalf("the attacker says %q: %v", line, err)
	}
	return a
}

// end ends the attack. It must have been one, and have come to nothing.
func (a *attack) end() {
	a.t.Helper()
	if err := a.stop.Close(); err != nil {
		a.t.Fatal(err)
	}
	var connected, answered int
	if _, err := fmt.Fscanln(a.output, &connected, &answered); err != nil {
		a.t.Fatal(err)
	}
	if err := a.wait(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Logf("%d connections, %d calls answered", connected, answered)
	if connected == 0 || answered > 0 {
		a.t.Errorf("the attacker was connected %d times, and %d calls were answered; want some, and none", connected, answered)
	}
}

// apart runs a test in a network of its own, where the attacker meets nothing but
// what the test starts.
func apart(t *testing.T, test func(*testing.T)) {
	t.Helper()
	const within = "DYNAMOGUARD_ATTACK"
	if os.Getenv(within) != "" {
		loopback(t)
		test(t)
		return
	}
	if os.Geteuid() != 0 {
		t.Fatal("the attack is made as another user than that of the pack: run make test-attack as root")
	}
	harness.Tools(t) // what is built may have to be fetched
	command := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), within+"=1")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := command.Run(); err != nil {
		t.Fatal(err)
	}
}

// loopback brings up the only interface of a new network.
func loopback(t *testing.T) {
	t.Helper()
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(socket) //nolint:errcheck // nothing was written
	request, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request); err != nil {
		t.Fatal(err)
	}
}

// TestAttack previews a violating stack 20 times beside an attacker. None
// passes, and none fails otherwise than without one.
func TestAttack(t *testing.T) { apart(t, testAttack) }

func testAttack(t *testing.T) {
	mallory := buildAttacker(t)
	s := harness.NewStack(t, harness.About{"table-encryption"}, stack(func(p program) { p.table("bills", awsOwnedKey) }))
	expected := s.Preview()
	if len(expected.Policy) != 1 || expected.ExitCode == 0 {
		t.Fatalf("without an attacker: exit code %d, %q", expected.ExitCode, expected.Policy)
	}
	green, run := 0, 0
	for _, round := range []struct {
		attack   string
		previews int
	}{{"configure", 8}, {"leave", 6}, {"cancel", 3}, {"hold", 3}} {
		for range round.previews {
			run++
			t.Run(fmt.Sprintf("%d %s", run, round.attack), func(t *testing.T) {
				attack := begin(t, mallory, round.attack)
				result := s.Preview()
				attack.end()
				if result.ExitCode == 0 {
					green++
				}
				if diff := cmp.Diff(expected.Policy, result.Policy); diff != "" || result.ExitCode != expected.ExitCode {
					t.Errorf("exit code %d, want %d (-want +got):\n%s\n%s", result.ExitCode, expected.ExitCode, diff, result.Output)
				}
			})
		}
	}
	t.Logf("%d of %d previews passed", green, run)
}

// TestAttackHeld: however many connections another user holds, the engine is
// served in the time that it gives a plugin to answer, and from then on.
func TestAttackHeld(t *testing.T) { apart(t, testAttackHeld) }

func testAttackHeld(t *testing.T) {
	mallory, pack := buildAttacker(t), harness.Pack(t)
	const limit = 10 * time.Second // pluginRPCConnectionTimeout of pulumi/pkg
	attack := begin(t, mallory, "hold")
	p := wire.Start(t, pack, wire.Engine(t))
	if p.Ready > limit {
		t.Errorf("the engine waits %v for its first answer, and gives it %v", p.Ready, limit)
	}
	for range 100 {
		p.Judge(t.Context(), wire.Request(t, "aws:dynamodb/table:Table", "orders", nil, wire.AWS(t, "us-east-1")))
	}
	attack.end()
}
