package provider

import (
	"context"
	"errors"
	"io"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/session"
)

// A forwarder passes calls on to a provider.
type forwarder struct {
	pkg     string // the provider's package: aws, aws-native
	folder  string // that the provider is in
	session *session.Client
	may     session.May
	real    *grpc.ClientConn // to the provider; set before the first call

	read     map[string]reader // of unary calls, by method
	released chan struct{}     // closed once what is held is to end
	release  func()

	mu       sync.Mutex
	settings settings                        // as configured
	place    func() (foresight.Place, error) // asks the provider, once
}

// A reader answers a unary call whose request it may look into; ask is the provider's answer.
type reader func(ctx context.Context, request []byte, ask asker) (answer []byte, err error)

type asker func(request []byte) (answer []byte, err error)

func newForwarder(pkg, folder string, joined *session.Client, may session.May) *forwarder {
	f := &forwarder{pkg: pkg, folder: folder, session: joined, may: may, released: make(chan struct{})}
	f.release = sync.OnceFunc(func() { close(f.released) })
	f.place = sync.OnceValues(f.askPlace)
	f.read = map[string]reader{
		pulumirpc.ResourceProvider_Handshake_FullMethodName: f.handshake,
		pulumirpc.ResourceProvider_Configure_FullMethodName: f.configure,
		pulumirpc.ResourceProvider_Create_FullMethodName:    f.create,
		pulumirpc.ResourceProvider_Update_FullMethodName:    f.update,
		pulumirpc.ResourceProvider_Invoke_FullMethodName:    f.invoke,
		pulumirpc.ResourceProvider_Read_FullMethodName:      f.readResource,
		pulumirpc.ResourceProvider_Cancel_FullMethodName:    f.cancel,
	}
	service := pulumirpc.ResourceProvider_ServiceDesc
	for _, m := range service.Methods {
		name := "/" + service.ServiceName + "/" + m.MethodName
		if f.read[name] == nil {
			f.read[name] = func(_ context.Context, request []byte, ask asker) ([]byte, error) { return ask(request) }
		}
	}
	return f
}

// verbatim is the codec of what is passed on: messages are *[]byte. Its name is that of the messages' own encoding, which either end
// is told.
type verbatim struct{}

func (verbatim) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*message.(*[]byte))}, nil
}

func (verbatim) Unmarshal(data mem.BufferSlice, message any) error {
	*message.(*[]byte) = data.Materialize()
	return nil
}

func (verbatim) Name() string { return "proto" }

// forward handles every call of every service. What it does not know to be unary it passes on as streams in both directions, which is
// how gRPC sends a unary call as well, at a higher cost.
func (f *forwarder) forward(_ any, engine grpc.ServerStream) error {
	ctx := engine.Context()
	method, _ := grpc.MethodFromServerStream(engine)
	if given, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, given)
	}
	if read := f.read[method]; read != nil {
		return f.unary(ctx, method, read, engine)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	provider, err := f.real.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method,
		grpc.ForceCodecV2(verbatim{}))
	if err != nil {
		return err
	}
	go func() { // until the call has ended
		err := pass(engine, provider)
		if errors.Is(err, io.EOF) {
			_ = provider.CloseSend()
		} else {
			cancel()
		}
	}()
	if header, err := provider.Header(); err == nil && len(header) > 0 {
		if err := engine.SendHeader(header); err != nil {
			return err
		}
	}
	err = pass(provider, engine)
	engine.SetTrailer(provider.Trailer())
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// A stream is one end of a call.
type stream interface {
	SendMsg(message any) error
	RecvMsg(message any) error
}

// pass passes messages on until there are no more, which is io.EOF.
func pass(from, to stream) error {
	for {
		var message []byte
		if err := from.RecvMsg(&message); err != nil {
			return err
		}
		if err := to.SendMsg(&message); err != nil {
			return err
		}
	}
}

func (f *forwarder) unary(ctx context.Context, method string, read reader, engine grpc.ServerStream) error {
	var request []byte
	if err := engine.RecvMsg(&request); err != nil {
		return err
	}
	answer, err := read(ctx, request, func(request []byte) (answer []byte, err error) {
		var header, trailer metadata.MD
		err = f.real.Invoke(ctx, method, &request, &answer, grpc.ForceCodecV2(verbatim{}), grpc.Header(&header), grpc.Trailer(&trailer))
		engine.SetTrailer(trailer)
		if unset := engine.SetHeader(header); err == nil {
			err = unset
		}
		return answer, err // as it is: it holds the provider's status
	})
	if err != nil {
		return err
	}
	return engine.SendMsg(&answer)
}
