package provider

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that is recorded
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// TestMain makes of this binary what the engine starts it as: a forwarder, and the provider that a forwarder starts.
func TestMain(m *testing.M) {
	switch {
	case Forwards(os.Args[0]):
		os.Exit(Serve(os.Args[0], os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	case strings.Contains(os.Args[0], prefix):
		os.Exit(provide())
	default:
		os.Exit(m.Run())
	}
}

// What a fake provider does by the environment that it is started in.
const (
	fakeRecord = "FAKE_RECORD" // the file that every message is written to
	fakeCaller = "FAKE_CALLER" // what it says of its account and region: JSON by function; without a function it fails
	fakeStart  = "FAKE_START"  // "exit": it exits with 7 before it serves; "speak": its first line is no port; "stay": no signal ends it
)

// provide runs a fake provider until it is interrupted.
func provide() int {
	fmt.Fprintln(os.Stderr, "fake: starting")
	switch os.Getenv(fakeStart) {
	case "exit":
		return 7
	case "speak":
		fmt.Println("Hello.")
		return 0
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1
	}
	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(400 << 20)}
	if path := os.Getenv(fakeRecord); path != "" {
		options = append(options, grpc.ForceServerCodecV2(record(path)))
	}
	server := grpc.NewServer(options...)
	pulumirpc.RegisterResourceProviderServer(server, &fake{})
	server.RegisterService(&future, &fake{})
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		fmt.Fprintln(os.Stderr, "fake:", <-interrupted)
		if os.Getenv(fakeStart) != "stay" {
			server.Stop()
		}
	}()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	fmt.Println("fake: serving")
	if server.Serve(listener) != nil {
		return 1
	}
	return 0
}

// A fake provider creates what it is told to: it answers with the properties of the request.
type fake struct {
	pulumirpc.UnimplementedResourceProviderServer
	told pulumirpc.ProviderHandshakeRequest
}

func (f *fake) Handshake(_ context.Context, q *pulumirpc.ProviderHandshakeRequest) (*pulumirpc.ProviderHandshakeResponse, error) {
	f.told.RootDirectory, f.told.ProgramDirectory = q.RootDirectory, q.ProgramDirectory
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true}, nil
}

// GetSchema tells how the provider was started.
func (f *fake) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	folder, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var own []string
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "PULUMI_") || strings.HasPrefix(v, "DYNAMOGUARD_") {
			own = append(own, v)
		}
	}
	text, err := json.Marshal(started{os.Args, folder, own, f.told.GetRootDirectory(), f.told.GetProgramDirectory(), os.Getpid()})
	return &pulumirpc.GetSchemaResponse{Schema: string(text)}, err
}

type started struct {
	Args          []string
	Working       string
	Environment   []string // of Pulumi and of DynamoGuard
	Root, Program string   // as the handshake has them
	ProcessID     int
}

func (f *fake) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, SupportsPreview: true}, nil
}

func (f *fake) Create(_ context.Context, q *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	if q.GetProperties().GetFields()["fail"].GetBoolValue() {
		s, err := status.New(codes.Unknown, "it failed").WithDetails(&pulumirpc.ErrorResourceInitFailed{Id: "half", Reasons: []string{"asked to"}})
		return nil, errors.Join(err, s.Err())
	}
	a := &pulumirpc.CreateResponse{Properties: q.GetProperties(), RefreshBeforeUpdate: true}
	a.ProtoReflect().SetUnknown(q.ProtoReflect().GetUnknown())
	if !q.GetPreview() {
		a.Id = "created"
	}
	return a, nil
}

func (f *fake) Update(_ context.Context, q *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	return &pulumirpc.UpdateResponse{Properties: q.GetNews()}, nil
}

func (f *fake) Read(_ context.Context, q *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	return &pulumirpc.ReadResponse{Id: q.GetId(), Properties: object("read", true)}, nil
}

func (f *fake) Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (f *fake) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	fmt.Fprintln(os.Stderr, "fake: canceled")
	return &emptypb.Empty{}, nil
}

func (f *fake) Invoke(ctx context.Context, q *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	var callers map[string]map[string]any
	if err := json.Unmarshal([]byte(os.Getenv(fakeCaller)), &callers); err != nil {
		return nil, err
	}
	switch function := q.GetTok(); {
	case function == "fake:index:wait":
		fmt.Fprintln(os.Stderr, "fake: waiting")
		<-ctx.Done()
		fmt.Fprintln(os.Stderr, "fake: waited:", ctx.Err())
		return nil, status.FromContextError(ctx.Err()).Err()
	case function == "fake:index:deadline":
		_, ok := ctx.Deadline()
		return &pulumirpc.InvokeResponse{Return: object("deadline", ok)}, nil
	case function == "fake:index:metadata":
		given, _ := metadata.FromIncomingContext(ctx)
		err := errors.Join(grpc.SetHeader(ctx, metadata.MD{"x-header": given["x-given"]}),
			grpc.SetTrailer(ctx, metadata.Pairs("x-trailer-bin", "\x00\x01")))
		return &pulumirpc.InvokeResponse{}, err
	case function == "fake:index:exit":
		os.Exit(9)
	case callers[function] != nil:
		result, err := structpb.NewStruct(callers[function])
		return &pulumirpc.InvokeResponse{Return: result}, err
	case strings.Contains(function, "getCallerIdentity"), strings.Contains(function, "getRegion"):
		return nil, status.Error(codes.Unknown, "ExpiredToken")
	}
	return &pulumirpc.InvokeResponse{Return: object("looked", "up")}, nil
}

func (f *fake) List(q *pulumirpc.ListRequest, s grpc.ServerStreamingServer[pulumirpc.ListResponse]) error {
	s.SetTrailer(metadata.Pairs("x-trailer", "listed"))
	if err := s.SendHeader(metadata.Pairs("x-header", "listing")); err != nil {
		return err
	}
	for range 3 {
		if err := s.Send(&pulumirpc.ListResponse{}); err != nil {
			return err
		}
	}
	return status.Error(codes.ResourceExhausted, "there are more")
}

// future is a service that no version of the engine has: in Talk, both sides speak in turn, for as long as the caller likes.
var future = grpc.ServiceDesc{
	ServiceName: "pulumirpc.Future", HandlerType: (*any)(nil),
	Streams: []grpc.StreamDesc{{StreamName: "Talk", ClientStreams: true, ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
		for {
			var said wrapperspb.StringValue
			if err := s.RecvMsg(&said); err != nil {
				if errors.Is(err, io.EOF) {
					return s.SendMsg(wrapperspb.String("bye"))
				}
				return err
			}
			if err := s.SendMsg(wrapperspb.String(strings.ToUpper(said.GetValue()))); err != nil {
				return err
			}
		}
	}}},
}

// object returns an object with one member.
func object(name string, value any) *structpb.Struct {
	v, err := structpb.NewValue(value)
	if err != nil {
		panic(err)
	}
	return &structpb.Struct{Fields: map[string]*structpb.Value{name: v}}
}

// A recorder is the codec of messages that are written to a file, as bytes.
type recorder struct {
	encoding.CodecV2
	mu   sync.Mutex
	path string
}

func record(path string) *recorder {
	return &recorder{CodecV2: encoding.GetCodecV2("proto"), path: path}
}

func (r *recorder) Marshal(v any) (mem.BufferSlice, error) {
	data, err := r.CodecV2.Marshal(v)
	return data, errors.Join(err, r.write("sent", v, data))
}

func (r *recorder) Unmarshal(data mem.BufferSlice, v any) error {
	return errors.Join(r.CodecV2.Unmarshal(data, v), r.write("received", v, data))
}

func (r *recorder) write(way string, v any, data mem.BufferSlice) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	file, err := os.OpenFile(r.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%s %T %s\n", way, v, hex.EncodeToString(data.Materialize()))
	return errors.Join(err, file.Close())
}

// hang is how long a test waits for what comes at once, but on a machine that is very busy.
const hang = time.Minute
