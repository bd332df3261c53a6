package plugin

import (
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/resource"
)

// DecodeProperties decodes properties; none at all are an empty object. It cannot fail, as resource.Decode, of which it is
// the counterpart for what protobuf makes of JSON.
func DecodeProperties(s *structpb.Struct) resource.Value { return resource.ObjectValue(members(s)) }

func members(s *structpb.Struct) map[string]resource.Value {
	fields := s.GetFields()
	object := make(map[string]resource.Value, len(fields))
	for k, v := range fields {
		object[k] = Decode(v)
	}
	return object
}

// Decode decodes a value, and none at all as null.
func Decode(v *structpb.Value) resource.Value {
	switch v := v.GetKind().(type) {
	case *structpb.Value_BoolValue:
		return resource.BoolValue(v.BoolValue)
	case *structpb.Value_NumberValue:
		return resource.NumberValue(v.NumberValue)
	case *structpb.Value_StringValue:
		return resource.DecodeString(v.StringValue)
	case *structpb.Value_ListValue:
		list := make([]resource.Value, len(v.ListValue.GetValues()))
		for i, e := range v.ListValue.GetValues() {
			list[i] = Decode(e)
		}
		return resource.ArrayValue(list)
	case *structpb.Value_StructValue:
		return resource.DecodeObject(members(v.StructValue))
	default:
		return resource.NullValue()
	}
}
