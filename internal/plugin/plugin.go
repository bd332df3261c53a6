// Package plugin is what the analyzer and the forwarder have in common as plugins of the engine: whom they listen to, how large
// messages are, and how the engine writes values.
package plugin

import (
	"io"
	"sync"

	"google.golang.org/grpc/grpclog"
)

// MaxMessage is what the engine itself accepts, in bytes: a stack with its outputs outgrows gRPC's own 4 MB.
//
// Source: https://github.com/pulumi/pulumi, sdk/go/common/util/rpcutil, GrpcChannelOptions
const MaxMessage = 400 << 20

// Silence keeps gRPC from writing to stderr, which the CLI would show as a message of the stack. gRPC wants to be told
// before it is used, and once.
var Silence = sync.OnceFunc(func() {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
})
