package analyzer

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/plugin"
)

const (
	// heartbeat is how long after its last answer the engine is asked again whether it is there, patience how long it may
	// take to answer, and grace how long calls under way may take to end. Together they keep an orphan from living for 10
	// seconds. An engine that neither connects nor answers within handshake of our start, its own limit for that, will
	// never do.
	heartbeat = 2 * time.Second
	patience  = time.Second
	grace     = 2 * time.Second
	handshake = 10 * time.Second
)

// Serve runs the policies for the engine at an address until ctx ends, the engine cancels or it goes away. Within grace of
// that it returns, whatever calls do. The first line written to stdout is the port; nothing else is ever written there. A
// connection that was refused is told on stderr, once.
//
// ended is called before a Cancel of the engine is answered, which then ends the process: at once where a language host runs it. The
// engine waits for the answer for five seconds.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/host/host.go, Close
func Serve(
	ctx context.Context, engineAddress, version string, rules *engine.Engine, ended func(), stdout, stderr io.Writer,
) error {
	plugin.Silence()
	listener, err := plugin.Listen(engineAddress, stderr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // serve has, unless it was not reached
	if _, err := fmt.Fprintln(stdout, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return fmt.Errorf("tell the engine the port: %w", err)
	}
	var check func(context.Context) error
	// An address that is none was not the engine's; the engine can still cancel.
	if connection, err := grpc.NewClient(engineAddress, grpc.WithTransportCredentials(insecure.NewCredentials())); err == nil {
		defer func() { _ = connection.Close() }()
		check = pulse(connection)
	}
	return serve(ctx, listener, check, version, rules, ended)
}

// serve answers calls on a listener until ctx ends, the engine cancels or, by check, goes away. Without check it is not
// watched.
func serve(
	ctx context.Context, listener net.Listener, check func(context.Context) error, version string, rules *engine.Engine, ended func(),
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	connections := &plugin.Counted{Listener: listener}
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(plugin.MaxMessage), grpc.UnaryInterceptor(survive), grpc.ForceServerCodecV2(newPartialCodec()),
		// To judge takes a deep stack. A goroutine that is new for each call would grow its own each time.
		grpc.NumStreamWorkers(uint32(runtime.GOMAXPROCS(0))),
	)
	server.RegisterService(lean(rules), NewServer(rules, version, func() {
		ended()
		cancel()
	}))
	served := make(chan error, 1)
	go func() { served <- server.Serve(connections) }()
	if check != nil {
		go watch(ctx, check, func() bool { return connections.Open() > 0 }, cancel)
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
		// Where a call goes on whose client has gone, GracefulStop holds what Stop waits for.
		go server.Stop()
	}
	return nil
}

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

// pulse returns a check of whether the engine is there, which fails as unavailable where it is not. What accepts a connection
// and does not speak on it is not the engine, or not any more.
func pulse(connection *grpc.ClientConn) func(context.Context) error {
	client := grpc_health_v1.NewHealthClient(connection)
	return func(ctx context.Context) error {
		_, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
		if status.Code(err) == codes.DeadlineExceeded && connection.GetState() != connectivity.Ready {
			return status.Error(codes.Unavailable, "the engine does not answer")
		}
		return err
	}
}

// watch calls gone once the engine has been there and is there no more, or has never been there. An engine that is merely
// slow is there; only two refusals in a row count. One that has not answered yet is there while it is connected, however
// long its first message takes to arrive and to be decoded.
func watch(ctx context.Context, check func(context.Context) error, connected func() bool, gone func()) {
	started := time.Now()
	answered, known, missed := false, false, 0
	for {
		asked, done := context.WithTimeout(ctx, patience)
		err := check(asked)
		done()
		answered = answered || status.Code(err) != codes.Unavailable
		missed++
		if status.Code(err) != codes.Unavailable || !answered && connected() {
			known, missed = true, 0
		}
		if known && missed == 2 || !known && time.Since(started) > handshake-2*heartbeat {
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
