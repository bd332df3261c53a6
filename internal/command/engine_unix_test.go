//go:build unix

package command_test

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// startEngine starts as much of an engine as a pack looks at, and returns its address.
func startEngine(t *testing.T) (engine *grpc.Server, address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	engine = grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(engine, health.NewServer())
	go func() { _ = engine.Serve(listener) }()
	t.Cleanup(engine.Stop)
	return engine, listener.Addr().String()
}

// startPack starts a program as the engine at an address starts a pack, with more in its environment, and connects to it.
func startPack(t *testing.T, program, engine string, environment ...string) (*exec.Cmd, *grpc.ClientConn) {
	t.Helper()
	process := exec.CommandContext(t.Context(), program, engine)
	process.Env = append(os.Environ(), environment...)
	process.Stderr = os.Stderr
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	connection, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return process, connection
}
