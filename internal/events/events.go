// Package events hands a log of engine events to whom the CLI was told to hand it: a file, or a service of the Automation API.
package events

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"dynamoguard/internal/files"
)

// mostLog is more than the events of any preview take, in bytes, mostEvent than one of them does.
const (
	mostLog   = 16 << 30
	mostEvent = 400 << 20
)

// Deliver hands a log that the CLI wrote to where its --event-log names: tcp://HOST:PORT or a path. There is nothing to hand
// where the CLI wrote no log.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/backend/display/display.go, startEventLogger
func Deliver(ctx context.Context, log, to string) error {
	in, err := files.Open(ctx, log, mostLog)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	if address, ok := strings.CutPrefix(to, "tcp://"); ok {
		return send(ctx, in, address)
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	select {
	case <-time.After(noticed):
	case <-ctx.Done():
	}
	return nil
}

// noticed is after how long whoever follows a file has read what is new in it. The SDK for Node looks every 200 ms, and once more when
// the CLI has ended; where it does both at the same time, it reads everything twice.
//
// Source: npm's @pulumi/pulumi, automation/stack.js, readLines, and @logdna/tail-file 2.2.0, lib/tail-file.js, quit
const noticed = 400 * time.Millisecond

// send sends each line as an event.
func send(ctx context.Context, log io.Reader, address string) error {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("the event log: %w", err)
	}
	defer func() { _ = connection.Close() }()
	stream, err := pulumirpc.NewEventsClient(connection).StreamEvents(ctx)
	if err != nil {
		return fmt.Errorf("the event log: %w", err)
	}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, mostEvent)
	for lines.Scan() {
		if err := stream.Send(&pulumirpc.EventRequest{Event: lines.Text()}); err != nil {
			break // CloseAndRecv says why
		}
	}
	_, err = stream.CloseAndRecv()
	if err = errors.Join(lines.Err(), err); err != nil {
		return fmt.Errorf("the event log: %w", err)
	}
	return nil
}
