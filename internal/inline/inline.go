// Package inline stands between the CLI and a program that runs inline: in the process that started the CLI by Pulumi's
// Automation API, and which therefore outlives the CLI.
//
// Where a preview is run again, the program of the run that was ended is still at work in that process: it may wait for a timer,
// for another process, for the network. What it then fails with, because its engine is gone, Node has one handler for, and that is
// the next run's by then: it would fail with what is not its own. So the next run has to wait for the end of the program, which
// only who called it is told.
//
// Source: npm's @pulumi/pulumi 3.270.0, automation/server.js, newUncaughtHandler
package inline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"dynamoguard/internal/plugin"
)

// A Host passes the calls of the CLI on to the language host of an inline program. A call of Run goes on when the CLI that made it
// is gone.
type Host struct {
	socket   string
	program  *grpc.ClientConn
	server   *grpc.Server
	runs     sync.WaitGroup
	closed   context.Context
	endCalls context.CancelFunc
}

// Listen returns a host that listens on a Unix socket, whose path must not be there, for what goes to the language host at an
// address.
func Listen(socket, address string) (*Host, error) {
	program, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(
		grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(plugin.MaxMessage), grpc.MaxCallSendMsgSize(plugin.MaxMessage)))
	if err != nil {
		return nil, fmt.Errorf("the language host at %s: %w", address, err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, errors.Join(err, program.Close())
	}
	h := &Host{socket: socket, program: program}
	h.closed, h.endCalls = context.WithCancel(context.Background())
	h.server = grpc.NewServer(grpc.UnknownServiceHandler(h.pass), grpc.ForceServerCodec(raw{}),
		grpc.MaxRecvMsgSize(plugin.MaxMessage), grpc.MaxSendMsgSize(plugin.MaxMessage))
	go func() { _ = h.server.Serve(listener) }() // ends with Close
	return h, nil
}

// Address is what --client has to be for the CLI to call the host.
//
// Source: https://github.com/grpc/grpc/blob/master/doc/naming.md
func (h *Host) Address() string { return "unix:" + h.socket }

// Ended waits for the end of the programs that were run, once the CLI that ran them is gone, and no longer than the time given. It
// returns whether they have ended.
func (h *Host) Ended(atMost time.Duration) bool {
	ended := make(chan struct{})
	go func() {
		h.runs.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return true
	case <-time.After(atMost):
		return false
	}
}

// Close ends all calls, and the host.
func (h *Host) Close() error {
	h.endCalls()
	h.server.Stop()
	return h.program.Close()
}

// pass passes one call on. The messages to a language host come alone: what it is asked is one message, and what it answers may be
// several.
func (h *Host) pass(_ any, cli grpc.ServerStream) error {
	ctx, cancel := context.WithCancel(cli.Context())
	defer cancel()
	method, _ := grpc.MethodFromServerStream(cli)
	if method == pulumirpc.LanguageRuntime_Run_FullMethodName {
		h.runs.Add(1)
		defer h.runs.Done()
		ctx, cancel = context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
	}
	defer context.AfterFunc(h.closed, cancel)()
	var message []byte
	if err := cli.RecvMsg(&message); err != nil {
		return err
	}
	sent, _ := metadata.FromIncomingContext(ctx)
	call, err := h.program.NewStream(metadata.NewOutgoingContext(ctx, sent),
		&grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
	if err != nil {
		return err
	}
	if err := call.SendMsg(&message); err != nil && !errors.Is(err, io.EOF) { // the answer says why
		return err
	}
	if err := call.CloseSend(); err != nil {
		return err
	}
	for {
		if err := call.RecvMsg(&message); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := cli.SendMsg(&message); err != nil {
			return err
		}
	}
}

// raw hands messages on as they are.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func (raw) Name() string { return "proto" }
