package analyzer

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"dynamoguard/internal/engine"
)

const (
	// maxMessage is what the engine itself accepts: a stack with its outputs outgrows gRPC's own 4 MB.
	maxMessage = 400 << 20

	// heartbeat is how often the engine is asked whether it is there, and grace how long calls under way may take to
	// end. Together they keep an orphan from living for 10 seconds. An engine that neither calls nor answers within
	// handshake of our start, its own limit for that, will never do.
	heartbeat = 2 * time.Second
	grace     = 2 * time.Second
	handshake = 10 * time.Second
)

// Serve runs the policies for the engine at an address until ctx ends, the engine cancels or it goes away. The first
// line written to stdout is the port; nothing else is ever written there.
func Serve(ctx context.Context, engineAddress, version string, rules *engine.Engine, stdout io.Writer) error {
	silence()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the engine: %w", err)
	}
	defer func() { _ = listener.Close() }() // serve has, unless it was not reached
	if _, err := fmt.Fprintln(stdout, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return fmt.Errorf("tell the engine the port: %w", err)
	}
	var health grpc_health_v1.HealthClient
	// An address that is none was not the engine's; the engine can still cancel.
	if connection, err := grpc.NewClient(engineAddress, grpc.WithTransportCredentials(insecure.NewCredentials())); err == nil {
		defer func() { _ = connection.Close() }()
		health = grpc_health_v1.NewHealthClient(connection)
	}
	return serve(ctx, listener, health, version, rules)
}

// serve answers calls on a listener until ctx ends, the engine cancels or, by its health, goes away. Without health it is
// not watched.
func serve(
	ctx context.Context, listener net.Listener, health grpc_health_v1.HealthClient, version string, rules *engine.Engine,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	// A call counts from its first header on. Its message may take longer to arrive and to be decoded than the engine has
	// to call at all.
	var called atomic.Bool
	begun := func(ctx context.Context, _ *tap.Info) (context.Context, error) {
		called.Store(true)
		return ctx, nil
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.InTapHandle(begun), grpc.UnaryInterceptor(survive))
	pulumirpc.RegisterAnalyzerServer(server, NewServer(rules, version, cancel))
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if health != nil {
		go watch(ctx, health, called.Load, cancel)
	}

	select {
	case err := <-served:
		return fmt.Errorf("serve the engine: %w", err)
	case <-ctx.Done():
	}
	stopped := make(chan struct{})
	go func() {
		server.GracefulStop() // answers the Cancel that may have led here
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(grace):
		server.Stop()
	}
	return nil
}

// silence keeps gRPC from writing to stderr, which the CLI would show as a message of the stack. gRPC wants to be told
// before it is used, and once.
var silence = sync.OnceFunc(func() {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
})

// survive turns a panic into an error: the process, and with it the preview, outlives it. The panic itself is not
// shown, since it may hold a value of a resource.
func survive(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler,
) (response any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = status.Errorf(codes.Internal, "%s failed (%T): this is a bug in dynamoguard", info.FullMethod, cause)
		}
	}()
	return handle(ctx, req)
}

// watch calls gone once the engine has been there and is there no more, or has never been there. An engine that is
// merely slow is there: only two refused connections in a row count. called reports whether anybody has called us.
func watch(ctx context.Context, health grpc_health_v1.HealthClient, called func() bool, gone func()) {
	started := time.Now()
	met, missed := false, 0
	for {
		check, done := context.WithTimeout(ctx, heartbeat)
		_, err := health.Check(check, &grpc_health_v1.HealthCheckRequest{})
		done()
		if status.Code(err) == codes.Unavailable {
			missed++
		} else {
			met, missed = true, 0
		}
		never := !met && !called() && time.Since(started) > handshake-2*heartbeat
		if met && missed == 2 || never {
			gone()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(heartbeat):
		}
	}
}
