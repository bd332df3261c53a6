package analyzer

import (
	"context"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	encodingproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"dynamoguard/internal/engine"
)

// Most of what the engine sends is not read: most resources are of no type that a policy judges, and of the others most properties
// are of no interest. To decode it all the same would be most of the work, and most of the memory. So it is left out before a
// request is decoded, by its encoding: a property that is not read has no value, and a resource of a type that is not read has
// nothing but what it is called.

// lean is the service with requests decoded as far as the rules read them.
func lean(rules *engine.Engine) *grpc.ServiceDesc {
	service := pulumirpc.Analyzer_ServiceDesc
	service.Methods = slices.Clone(service.Methods)
	for i := range service.Methods {
		var leave func([]byte) []byte
		switch method := &service.Methods[i]; method.MethodName {
		case "Analyze":
			leave = func(request []byte) []byte { return leanResource(request, rules.Reads) }
		case "AnalyzeStack":
			leave = func(request []byte) []byte { return leanStack(request, rules.Reads) }
		case "Remediate":
			leave = func(request []byte) []byte { return leanRemediate(request, rules.ReadsChecked) }
		default:
			continue
		}
		handle := service.Methods[i].Handler
		service.Methods[i].Handler = func(
			server any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor,
		) (any, error) {
			return handle(server, ctx, func(message any) error {
				return decode(&partial{message.(proto.Message), leave})
			}, interceptor)
		}
	}
	return &service
}

// A partial message is decoded from what leave leaves of its encoding.
type partial struct {
	proto.Message
	leave func([]byte) []byte
}

// partialCodec is gRPC's own, and decodes partial messages too.
type partialCodec struct{ encoding.CodecV2 }

func newPartialCodec() encoding.CodecV2 { return partialCodec{encoding.GetCodecV2(encodingproto.Name)} }

func (c partialCodec) Unmarshal(data mem.BufferSlice, v any) error {
	message, ok := v.(*partial)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	all := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer all.Free()
	return proto.Unmarshal(message.leave(all.ReadOnlyData()), message.Message)
}

// The fields of AnalyzeRequest and AnalyzerResource, which have these numbers in common, of AnalyzeStackRequest, and of the map that
// google.protobuf.Struct is.
const (
	fieldType       protowire.Number = 1
	fieldProperties protowire.Number = 2
	fieldURN        protowire.Number = 3
	fieldName       protowire.Number = 4

	fieldResources protowire.Number = 1

	fieldFields protowire.Number = 1
	fieldKey    protowire.Number = 1
	fieldValue  protowire.Number = 2
)

// eachField calls yield with every field of a message, as it is encoded, and with its content where it is of the kind that has a
// length, as all are that matter here; nil else. It reports whether all is as it should be. What is not is left to protobuf to say.
func eachField(message []byte, yield func(number protowire.Number, field, content []byte)) bool {
	for len(message) > 0 {
		number, kind, tag := protowire.ConsumeTag(message)
		if tag < 0 {
			return false
		}
		n := protowire.ConsumeFieldValue(number, kind, message[tag:])
		if n < 0 {
			return false
		}
		var content []byte
		if kind == protowire.BytesType {
			content, _ = protowire.ConsumeBytes(message[tag:])
		}
		yield(number, message[:tag+n], content)
		message = message[tag+n:]
	}
	return true
}

// leanResource is what is read of a resource, or all of one that is not encoded as it should be.
func leanResource(message []byte, reads func(typ string) map[string]bool) []byte {
	read := reads(typeOf(message))
	left := make([]byte, 0, len(message))
	ok := eachField(message, func(number protowire.Number, field, content []byte) {
		switch {
		case number == fieldType, number == fieldURN, number == fieldName:
			left = append(left, field...)
		case read == nil:
		case number == fieldProperties && content != nil:
			left = protowire.AppendTag(left, fieldProperties, protowire.BytesType)
			left = protowire.AppendBytes(left, leanProperties(content, read))
		default:
			left = append(left, field...)
		}
	})
	if !ok {
		return message
	}
	return left
}

// leanRemediate is nothing but what a resource is called where nothing is read of its type; else all, for what is mended is
// answered with all its inputs.
func leanRemediate(message []byte, reads func(typ string) map[string]bool) []byte {
	if reads(typeOf(message)) != nil {
		return message
	}
	return leanResource(message, reads)
}

func leanStack(message []byte, reads func(typ string) map[string]bool) []byte {
	left := make([]byte, 0, len(message))
	ok := eachField(message, func(number protowire.Number, field, content []byte) {
		if number != fieldResources || content == nil {
			left = append(left, field...)
			return
		}
		left = protowire.AppendTag(left, fieldResources, protowire.BytesType)
		left = protowire.AppendBytes(left, leanResource(content, reads))
	})
	if !ok {
		return message
	}
	return left
}

func typeOf(message []byte) (typ string) {
	eachField(message, func(number protowire.Number, _, content []byte) {
		if number == fieldType && content != nil {
			typ = string(content)
		}
	})
	return typ
}

// leanProperties leaves out the values of properties that are not read, as DecodeResource does. No value at all is null.
func leanProperties(message []byte, read map[string]bool) []byte {
	left := make([]byte, 0, len(message))
	ok := eachField(message, func(number protowire.Number, field, entry []byte) {
		var key []byte // as it is encoded
		var name string
		known := number == fieldFields && entry != nil && eachField(entry, func(number protowire.Number, field, content []byte) {
			if number == fieldKey && content != nil {
				key, name = field, string(content)
			}
		})
		if !known || key == nil || read[name] {
			left = append(left, field...)
			return
		}
		left = protowire.AppendTag(left, fieldFields, protowire.BytesType)
		left = protowire.AppendVarint(left, uint64(len(key)+2))
		left = append(left, key...)
		left = protowire.AppendTag(left, fieldValue, protowire.BytesType)
		left = protowire.AppendVarint(left, 0)
	})
	if !ok {
		return message
	}
	return left
}
