package analyzer

import (
	"encoding/base64"

	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/resource"
)

// The engine sends what JSON cannot say as objects with a signature, and unknown values as strings that nobody would
// write: sdk/go/common/resource/plugin/rpc.go and sdk/go/common/resource/sig of Pulumi.
const (
	signatureKey = "4dabf18193072939515e22adb298388d"

	assetSignature             = "c44067f5952c0a294b673a41bacd8c17"
	archiveSignature           = "0def7320c3a5731c473e5ecbe6d01bc7"
	secretSignature            = "1b47061264138c4ac30d75fd1eb44270"
	byteStringSignature        = "803fd3297a5875dc03ca845dda5d2a98"
	resourceReferenceSignature = "5cf8f73096256a8f31e491e813e4eb8e"
	outputSignature            = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
)

// redacted is what policy analyze puts in place of a secret, of whatever type, that it was given no key to decrypt:
// pkg/backend/secrets/providers.go of Pulumi. What stood there is not known.
const redacted = "[secret]"

var unknownStrings = map[string]bool{
	"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7": true, // boolean
	"3eeb2bf0-c639-47a8-9e75-3b44932eb421": true, // number
	"04da6b54-80e4-46f7-96ec-b56ff0331ba9": true, // string
	"6a19a0b0-7e62-4c92-b797-7f8e31da9cc2": true, // array
	"030794c1-ac77-496b-92df-f27374a8bd58": true, // asset
	"e48ece36-62e2-4504-bad9-02848725956a": true, // archive
	"dd056dcd-154b-4c76-9bd3-c8f88648b5ff": true, // object
}

// DecodeProperties decodes properties; none at all are an empty object. It cannot fail: an object whose signature does not
// hold what it promises is kept as the object it is.
func DecodeProperties(s *structpb.Struct) resource.Value {
	fields := s.GetFields()
	object := make(map[string]resource.Value, len(fields))
	for k, v := range fields {
		object[k] = decode(v)
	}
	return resource.ObjectValue(object)
}

func decode(v *structpb.Value) resource.Value {
	switch v := v.GetKind().(type) {
	case *structpb.Value_BoolValue:
		return resource.BoolValue(v.BoolValue)
	case *structpb.Value_NumberValue:
		return resource.NumberValue(v.NumberValue)
	case *structpb.Value_StringValue:
		if unknownStrings[v.StringValue] {
			return resource.UnknownValue()
		}
		return resource.StringValue(v.StringValue)
	case *structpb.Value_ListValue:
		list := make([]resource.Value, len(v.ListValue.GetValues()))
		for i, e := range v.ListValue.GetValues() {
			list[i] = decode(e)
		}
		return resource.ArrayValue(list)
	case *structpb.Value_StructValue:
		object := DecodeProperties(v.StructValue)
		if special, ok := decodeSpecial(object); ok {
			return special
		}
		return object
	default:
		return resource.NullValue()
	}
}

// decodeSpecial decodes an object with a signature.
func decodeSpecial(object resource.Value) (v resource.Value, ok bool) {
	signature, ok := object.Get(signatureKey).Text()
	if !ok {
		return v, false
	}
	held := object.Get("value")
	switch signature {
	case secretSignature:
		if text, _ := held.Text(); text == redacted {
			held = resource.UnknownValue()
		}
		return held.AsSecret(), held.Kind() != resource.Absent
	case outputSignature:
		if held.Kind() == resource.Absent {
			held = resource.UnknownValue()
		}
		if secret, _ := object.Get("secret").Bool(); secret {
			held = held.AsSecret()
		}
		return held, true
	case resourceReferenceSignature:
		// What names the resource elsewhere: its id where it has one, which may be unknown, else its URN.
		if id := object.Get("id"); id.Kind() != resource.Absent {
			if text, ok := id.Text(); ok && text == "" {
				id = resource.UnknownValue()
			}
			return id, true
		}
		urn := object.Get("urn")
		return urn, urn.Kind() != resource.Absent
	case byteStringSignature:
		text, _ := held.Text()
		bytes, err := base64.StdEncoding.DecodeString(text)
		return resource.StringValue(string(bytes)), err == nil && held.Kind() == resource.String
	case assetSignature:
		return resource.AssetValue(), true
	case archiveSignature:
		return resource.ArchiveValue(), true
	default:
		return v, false
	}
}
