package inline

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// A program is a language host whose program ends when it is told to, or its call is at an end.
type program struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	began, end chan struct{}
	ended      chan error // of the context
}

func (p *program) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	p.began <- struct{}{}
	select {
	case <-p.end:
	case <-ctx.Done():
	}
	p.ended <- ctx.Err()
	return &pulumirpc.RunResponse{Error: request.GetProject()}, nil
}

func (p *program) GetPluginInfo(ctx context.Context, _ *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	sent, _ := metadata.FromIncomingContext(ctx)
	if len(sent["traceparent"]) != 1 {
		return nil, status.Error(codes.FailedPrecondition, "there is no trace")
	}
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (p *program) InstallDependencies(
	_ *pulumirpc.InstallDependenciesRequest, stream grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse],
) error {
	for _, text := range []string{"one", "two"} {
		if err := stream.Send(&pulumirpc.InstallDependenciesResponse{Stdout: []byte(text)}); err != nil {
			return err
		}
	}
	return nil
}

// start returns a program, the host before it, and a client of that host.
func start(t *testing.T) (*program, *Host, *grpc.ClientConn, pulumirpc.LanguageRuntimeClient) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &program{began: make(chan struct{}, 1), end: make(chan struct{}, 1), ended: make(chan error, 1)}
	server := grpc.NewServer()
	pulumirpc.RegisterLanguageRuntimeServer(server, p)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	h, err := Listen(filepath.Join(t.TempDir(), "l"), listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	cli, err := grpc.NewClient(h.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cli.Close() })
	return p, h, cli, pulumirpc.NewLanguageRuntimeClient(cli)
}

const long = time.Minute

// TestPass: what the CLI asks reaches the program, and the answer the CLI.
func TestPass(t *testing.T) {
	p, h, _, cli := start(t)
	p.end <- struct{}{}
	answer, err := cli.Run(t.Context(), &pulumirpc.RunRequest{Project: "shop"})
	if err != nil || answer.GetError() != "shop" {
		t.Errorf("Run: %v, %v", answer, err)
	}
	if !h.Ended(long) {
		t.Error("the program has not ended")
	}
	_, err = cli.GetPluginInfo(t.Context(), &emptypb.Empty{})
	if status.Code(err) != codes.FailedPrecondition || status.Convert(err).Message() != "there is no trace" {
		t.Errorf("an error: %v", err)
	}
	info, err := cli.GetPluginInfo(metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00"), &emptypb.Empty{})
	if err != nil || info.GetVersion() != "1.0.0" {
		t.Errorf("metadata: %v, %v", info, err)
	}
	stream, err := cli.InstallDependencies(t.Context(), &pulumirpc.InstallDependenciesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two"} {
		if got, err := stream.Recv(); err != nil || string(got.GetStdout()) != want {
			t.Errorf("streamed: %v, %v", got, err)
		}
	}
}

// TestEnded: a program that outlives its CLI is waited for, and is not told of it.
func TestEnded(t *testing.T) {
	p, h, connection, cli := start(t)
	go func() { _, _ = cli.Run(t.Context(), &pulumirpc.RunRequest{}) }()
	<-p.began
	if err := connection.Close(); err != nil {
		t.Fatal(err)
	}
	if h.Ended(10 * time.Millisecond) {
		t.Fatal("the program is said to have ended while it runs")
	}
	p.end <- struct{}{}
	if !h.Ended(long) {
		t.Error("the program has not ended")
	}
	if err := <-p.ended; err != nil {
		t.Errorf("the program was told: %v", err)
	}
}

// TestClose: what runs when the host is closed is ended.
func TestClose(t *testing.T) {
	p, h, _, cli := start(t)
	failed := make(chan error, 1)
	go func() {
		_, err := cli.Run(t.Context(), &pulumirpc.RunRequest{})
		failed <- err
	}()
	<-p.began
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if err := <-failed; err == nil {
		t.Error("the call has not failed")
	}
	if err := <-p.ended; err == nil {
		t.Error("the program was not told")
	}
	if !h.Ended(long) {
		t.Error("the call has not ended")
	}
}
