//go:build linux

// Command attacker is another user of the machine, who wants violations to
// pass: it finds the ports that others begin to listen on, and does one thing to
// each for as long as it is there.
//
//	configure  disables every policy, and names another stack
//	leave      the same in one piece, and closes the connection at once
//	cancel     asks the process to end
//	hold       opens connections and says nothing, where others are not served
//
// It attacks from its first line of output, "ready", until its standard input
// ends. Then it prints how often it was connected, and how many calls were
// answered by an analyzer.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"dynamoguard/policies"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "attacker:", err)
		os.Exit(1)
	}
}

var connected, answered atomic.Int64

// pause is how long after an attempt comes the next: what takes all of a
// machine's time does not get far itself.
const pause = 5 * time.Millisecond

func run() error {
	if len(os.Args) != 2 {
		return errors.New("say what to do")
	}
	attack, ok := map[string]func(context.Context, string){
		"configure": call(configure), "leave": leave, "cancel": call(cancel), "hold": hold,
	}[os.Args[1]]
	if !ok {
		return fmt.Errorf("%q is nothing that can be done", os.Args[1])
	}
	known, err := listening()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin) //nolint:errcheck // it has ended, one way or another
		stop()
	}()
	fmt.Println("ready")

	var attacks sync.WaitGroup
	for ctx.Err() == nil {
		ports, err := listening()
		if err != nil {
			return err
		}
		for port := range ports {
			if !known[port] {
				attacks.Go(func() { attack(ctx, "127.0.0.1:"+strconv.Itoa(port)) })
			}
		}
		known = ports
		time.Sleep(time.Millisecond)
	}
	attacks.Wait()
	fmt.Println(connected.Load(), answered.Load())
	return nil
}

// listening returns the ports that sockets listen on, by the system's list.
func listening() (map[int]bool, error) {
	list, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return nil, err
	}
	ports := map[int]bool{}
	for row := range strings.Lines(string(list)) {
		fields := strings.Fields(row)
		if len(fields) < 4 || fields[3] != "0A" {
			continue
		}
		_, port, _ := strings.Cut(fields[1], ":")
		number, err := strconv.ParseUint(port, 16, 16)
		if err != nil {
			return nil, err
		}
		ports[int(number)] = true
	}
	return ports, nil
}

// dial connects, and counts it.
func dial(ctx context.Context, address string) (net.Conn, error) {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err == nil {
		connected.Add(1)
	}
	return connection, err
}

// over reports whether an attack has come to its end, since nobody listens any
// more.
func over(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, syscall.ECONNREFUSED)
}

// call makes calls again and again, on a connection that is opened anew
// where it is refused.
func call(do func(context.Context, pulumirpc.AnalyzerClient) error) func(context.Context, string) {
	return func(ctx context.Context, address string) {
		var last atomic.Value // the last error of dialling
		connection, err := grpc.NewClient("passthrough:"+address, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: pause, MaxDelay: pause},
				MinConnectTimeout: time.Second,
			}),
			grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
				connection, err := dial(ctx, address)
				if err != nil {
					last.Store(&err)
				}
				return connection, err
			}))
		if err != nil {
			panic(err) // the address is one
		}
		defer connection.Close()
		for {
			attempt, done := context.WithTimeout(ctx, time.Second)
			err := do(attempt, pulumirpc.NewAnalyzerClient(connection))
			done()
			switch status.Code(err) {
			case codes.OK, codes.FailedPrecondition:
				answered.Add(1)
			case codes.Unimplemented: // another plugin, or the engine
				return
			}
			if err, ok := last.Load().(*error); ok && over(ctx, *err) || ctx.Err() != nil {
				return
			}
			time.Sleep(pause)
		}
	}
}

func configure(ctx context.Context, analyzer pulumirpc.AnalyzerClient) error {
	_, err := analyzer.Configure(ctx, disabled)
	if err == nil {
		_, err = analyzer.ConfigureStack(ctx, elsewhere)
	}
	return err
}

func cancel(ctx context.Context, analyzer pulumirpc.AnalyzerClient) error {
	_, err := analyzer.Cancel(ctx, &emptypb.Empty{})
	return err
}

var (
	disabled = func() *pulumirpc.ConfigureAnalyzerRequest {
		request := &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{}}
		for _, p := range policies.All() {
			request.PolicyConfig[p.Name] = &pulumirpc.PolicyConfig{EnforcementLevel: pulumirpc.EnforcementLevel_DISABLED}
		}
		return request
	}()
	elsewhere = &pulumirpc.AnalyzerStackConfigureRequest{Organization: "mallory", Project: "other", Stack: "other"}
)

// leave sends whole requests and closes the connection, again and again.
func leave(ctx context.Context, address string) {
	message := append(request(1, pulumirpc.Analyzer_Configure_FullMethodName, disabled),
		request(3, pulumirpc.Analyzer_ConfigureStack_FullMethodName, elsewhere)...)
	for {
		connection, err := dial(ctx, address)
		if over(ctx, err) {
			return
		}
		if err == nil {
			_, _ = connection.Write(append([]byte(http2.ClientPreface+settings), message...)) // it may be refused already
			_ = connection.Close()
		}
		time.Sleep(pause)
	}
}

// settings is an empty frame of settings: https://www.rfc-editor.org/rfc/rfc9113#name-settings.
const settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// request encodes a call, as a stream of HTTP/2.
func request(stream uint32, method string, message proto.Message) []byte {
	var fields, frames bytes.Buffer
	headers := hpack.NewEncoder(&fields)
	headers.SetMaxDynamicTableSize(0) // each request stands for itself
	for _, field := range []hpack.HeaderField{
		{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"}, {Name: ":path", Value: method},
		{Name: ":authority", Value: "localhost"}, {Name: "content-type", Value: "application/grpc"}, {Name: "te", Value: "trailers"},
	} {
		if err := headers.WriteField(field); err != nil {
			panic(err) // a buffer takes it
		}
	}
	body, err := proto.Marshal(message)
	if err != nil {
		panic(err) // the messages are valid
	}
	prefix := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))) // not compressed
	framer := http2.NewFramer(&frames, nil)
	err = errors.Join(
		framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: fields.Bytes(), EndHeaders: true}),
		framer.WriteData(stream, true, append(prefix, body...)))
	if err != nil {
		panic(err)
	}
	return frames.Bytes()
}

// hold keeps many connections open, and opens another for each that is closed.
// Where it is spoken to, it is at a server that serves everybody, which is not
// what it came for.
func hold(ctx context.Context, address string) {
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			for {
				connection, err := dial(ctx, address)
				if over(ctx, err) {
					return
				}
				if err == nil {
					closed := context.AfterFunc(ctx, func() { _ = connection.Close() })
					n, _ := connection.Read(make([]byte, 1)) // until it is closed
					closed()
					_ = connection.Close()
					if n > 0 {
						return
					}
				}
				time.Sleep(pause)
			}
		})
	}
	all.Wait()
}
