package provider

import (
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/resource"
)

// fill sets an output that is not known yet. It stays a secret where it is one, in whichever way the provider says so.
func fill(properties *structpb.Struct, v foresight.Value) {
	properties.Fields[v.Property] = known(properties.Fields[v.Property], v.Text, v.Secret)
}

func known(unknown *structpb.Value, text string, secret bool) *structpb.Value {
	wrapper := unknown.GetStructValue().GetFields()
	switch wrapper[resource.SignatureKey].GetStringValue() {
	case resource.SecretSignature:
		wrapper["value"] = known(wrapper["value"], text, false)
		return unknown
	case resource.OutputSignature:
		wrapper["value"] = structpb.NewStringValue(text)
		if secret {
			wrapper["secret"] = structpb.NewBoolValue(true)
		}
		return unknown
	}
	value := structpb.NewStringValue(text)
	if secret {
		return structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
			resource.SignatureKey: structpb.NewStringValue(resource.SecretSignature),
			"value":               value,
		}})
	}
	return value
}
