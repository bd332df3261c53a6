// Package provider is a forwarder: a provider of resources that answers the engine by the real one, which it starts. In a foreseen
// preview it fills in what follows from what is declared, and lets no lookup go to AWS for what the run would only create.
package provider

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"dynamoguard/internal/plugin"
	"dynamoguard/internal/session"
	"dynamoguard/internal/text"
)

const (
	// patience is how long a provider that is told to end may take. The engine kills after 5 seconds.
	//
	// Source: https://github.com/pulumi/pulumi, sdk/go/common/resource/plugin/plugin.go, ExecPlugin
	patience = 4 * time.Second

	// window is how much may be under way, in bytes. Where it is set gRPC does not measure what a connection carries, which takes a
	// ping for every other message.
	window = 1 << 20

	// grace is how long the answers may take that are due when the provider has ended, and the rest of what it wrote.
	grace = time.Second
)

// prefix is what every provider's executable is called, with the name of its package behind.
const prefix = "pulumi-resource-"

// Forwards tells whether the engine starts this binary in place of a provider, by the path that it does so by.
func Forwards(program string) bool {
	return strings.HasPrefix(filepath.Base(program), prefix) && os.Getenv(session.Variable) != ""
}

// Serve starts the real provider with the engine's arguments and forwards the engine's calls to it until it has ended, and returns its
// exit code. The first line on stdout is the forwarder's port. All else on stdout and stderr is the provider's own, but for what goes
// wrong here.
//
// program is the path of this binary in a folder of plugins that is laid over the user's own, where the real provider has the same
// place.
func Serve(program string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	code, err := serve(program, args, stdin, stdout, stderr)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "dynamoguard:", text.Error(err))
	}
	return code
}

func serve(program string, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int, err error) {
	home := os.Getenv(session.HomeVariable)
	if home == "" {
		return 1, fmt.Errorf("%s does not say where the real provider is", session.HomeVariable)
	}
	plugin.Silence()
	runtime.GOMAXPROCS(1) // it waits nearly all the time, and more threads cost more to wake than they do
	joined, err := session.Dial(os.Getenv(session.Variable))
	if err != nil {
		return 1, fmt.Errorf("take part in the preview: %w", err)
	}
	defer func() { _ = joined.Close() }()
	may, err := joined.Forward()
	if err != nil {
		return 1, fmt.Errorf("take part in the preview: %w", err)
	}
	name := filepath.Base(program)
	folder := filepath.Join(home, "plugins", filepath.Base(filepath.Dir(program)))
	f := newForwarder(strings.TrimSuffix(strings.TrimPrefix(name, prefix), ".exe"), folder, joined, may)
	server := grpc.NewServer(grpc.UnknownServiceHandler(f.forward), grpc.ForceServerCodecV2(verbatim{}),
		grpc.MaxRecvMsgSize(plugin.MaxMessage), grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(window))
	listening := make(chan net.Listener, 1) // which takes as long as many a provider takes to start
	out := &output{rest: stdout, port: func(port uint16) error {
		listener, ok := <-listening
		if !ok {
			return net.ErrClosed
		}
		real, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", port), grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(plugin.MaxMessage)))
		if err != nil {
			return err
		}
		real.Connect()
		f.real = real
		go func() { _ = server.Serve(listener) }()
		_, err = fmt.Fprintln(stdout, listener.Addr().(*net.TCPAddr).Port)
		return err
	}}

	real := exec.Command(filepath.Join(folder, name), args...)
	real.Env = environment(os.Environ(), home)
	real.Stdin, real.Stdout, real.Stderr = stdin, out, stderr
	real.WaitDelay = grace
	// Where the real one is to end with this process, the system means the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	endWithParent(real)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := real.Start(); err != nil {
		return 1, fmt.Errorf("start the provider: %w", err)
	}
	engine := ""
	if len(args) > 0 {
		engine = args[len(args)-1]
	}
	listener, err := plugin.Listen(engine, stderr)
	if err != nil {
		close(listening)
		_ = real.Process.Kill()
		_ = real.Wait()
		return 1, err
	}
	defer func() { _ = listener.Close() }() // the server has, unless the provider gave it no port
	listening <- listener

	ended, told := make(chan struct{}), make(chan bool, 1)
	go func() { told <- end(real.Process, signals, joined.Ended(), ended) }()
	err = errors.Join(real.Wait(), out.flush())
	close(ended)

	f.release()
	stopped := make(chan struct{})
	go func() {
		server.GracefulStop() // what is under way fails as it would without us, once the engine has been told
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(grace):
	}
	return exitCode(real.ProcessState, err, <-told)
}

// end ends the provider in time once it is told to, and tells whether it was. The engine interrupts the provider together with this
// process, as they are of one group. Where the preview has gone there is nobody left who would.
func end(provider *os.Process, signals <-chan os.Signal, gone, ended <-chan struct{}) bool {
	select {
	case <-ended:
		return false
	case s := <-signals:
		if s == syscall.SIGTERM {
			_ = provider.Signal(s)
		}
	case <-gone:
		_ = provider.Signal(os.Interrupt)
	}
	select {
	case <-ended:
	case <-time.After(patience):
		_ = provider.Kill()
	}
	return true
}

// exitCode returns what the process of a forwarder ends with: the code of its provider, as a shell has it where a signal ended that,
// and why it ended where nobody told it to and the code does not say. An interrupt tells both, and may reach the provider first.
func exitCode(of *os.ProcessState, err error, told bool) (int, error) {
	if status, ok := of.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		if told || status.Signal() == syscall.SIGINT {
			err = nil
		} else {
			err = fmt.Errorf("the provider was ended by a signal: %v", status.Signal())
		}
		return 128 + int(status.Signal()), err
	}
	var exited *exec.ExitError
	if errors.As(err, &exited) || errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return of.ExitCode(), err
}

// environment returns the environment of a provider that is started without a forwarder.
func environment(own []string, home string) []string {
	var its []string
	for _, v := range own {
		if !strings.HasPrefix(v, "DYNAMOGUARD_") && !strings.HasPrefix(v, "PULUMI_HOME=") {
			its = append(its, v)
		}
	}
	return append(its, "PULUMI_HOME="+home)
}
