package resource

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
)

// The engine writes what JSON cannot say as objects with a signature, and unknown values as strings that nobody would
// write: sdk/go/common/resource/plugin/rpc.go and sdk/go/common/resource/sig of Pulumi, and for what only a state has
// pkg/resource/stack/deployment.go.
const (
	SignatureKey = "4dabf18193072939515e22adb298388d"

	assetSignature             = "c44067f5952c0a294b673a41bacd8c17"
	archiveSignature           = "0def7320c3a5731c473e5ecbe6d01bc7"
	SecretSignature            = "1b47061264138c4ac30d75fd1eb44270"
	byteStringSignature        = "803fd3297a5875dc03ca845dda5d2a98"
	resourceReferenceSignature = "5cf8f73096256a8f31e491e813e4eb8e"
	OutputSignature            = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
	floatSignature             = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c" // an infinity or NaN, in a state
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

// Decode returns the value that the engine wrote as JSON, from what encoding/json makes of that. It cannot fail: an object
// whose signature does not hold what it promises is kept as the object it is.
func Decode(v any) Value {
	switch v := v.(type) {
	case bool:
		return BoolValue(v)
	case float64:
		return NumberValue(v)
	case string:
		return DecodeString(v)
	case []any:
		list := make([]Value, len(v))
		for i, e := range v {
			list[i] = Decode(e)
		}
		return ArrayValue(list)
	case map[string]any:
		members := make(map[string]Value, len(v))
		for k, m := range v {
			members[k] = Decode(m)
		}
		return DecodeObject(members)
	default:
		return NullValue()
	}
}

// DecodeString returns what a string of the engine stands for: itself, or an unknown value.
func DecodeString(s string) Value {
	if unknownStrings[s] {
		return UnknownValue()
	}
	return StringValue(s)
}

// DecodeObject returns what an object of the engine, whose members were decoded, stands for: itself, or what its signature
// says. It keeps members.
func DecodeObject(members map[string]Value) Value {
	object := ObjectValue(members)
	if signature, ok := members[SignatureKey].Text(); ok {
		if signed, ok := decodeSigned(signature, object); ok {
			return signed
		}
	}
	return object
}

func decodeSigned(signature string, object Value) (v Value, ok bool) {
	held := object.Get("value")
	switch signature {
	case SecretSignature:
		return decodeSecret(object)
	case OutputSignature:
		if held.Kind() == Absent {
			held = UnknownValue()
		}
		if secret, _ := object.Get("secret").Bool(); secret {
			held = held.AsSecret()
		}
		return held, true
	case resourceReferenceSignature:
		// What names the resource elsewhere: its id where it has one, which may be unknown, else its URN.
		if id := object.Get("id"); id.Kind() != Absent {
			if text, ok := id.Text(); ok && text == "" {
				id = UnknownValue()
			}
			return id, true
		}
		urn := object.Get("urn")
		return urn, urn.Kind() != Absent
	case byteStringSignature:
		text, _ := held.Text()
		bytes, err := base64.StdEncoding.DecodeString(text)
		return StringValue(string(bytes)), err == nil && held.Kind() == String
	case floatSignature:
		text, _ := held.Text()
		bits, err := strconv.ParseUint(text, 16, 64)
		return NumberValue(math.Float64frombits(bits)), err == nil
	case assetSignature:
		return AssetValue(), true
	case archiveSignature:
		return ArchiveValue(), true
	default:
		return v, false
	}
}

// decodeSecret decodes a secret, which a message holds as its value, a state as its ciphertext, and an export that shows
// secrets as its plaintext, which is JSON in a string.
func decodeSecret(object Value) (v Value, ok bool) {
	if held := object.Get("value"); held.Kind() != Absent {
		if text, _ := held.Text(); text == redacted {
			held = UnknownValue()
		}
		return held.AsSecret(), true
	}
	if plaintext, ok := object.Get("plaintext").Text(); ok {
		if held, ok := DecodeJSON(plaintext); ok {
			return held.AsSecret(), true
		}
	}
	encoded := object.Get("ciphertext").Kind() != Absent || object.Get("plaintext").Kind() != Absent
	return UnknownValue().AsSecret(), encoded
}

// DecodeJSON is Decode of a JSON text; ok is false where it is none.
func DecodeJSON(text string) (v Value, ok bool) {
	var decoded any
	if json.Unmarshal([]byte(text), &decoded) != nil {
		return v, false
	}
	return Decode(decoded), true
}

// Plain is the inverse of Decode for a value without unknowns, as encoding/json takes it. It shows what a secret holds, so
// it is not for messages. What it has no word for, such as an asset, is nil.
func (v Value) Plain() any { return v.Filled(nil) }

// Filled is Plain with something in place of every value that is not known.
func (v Value) Filled(unknown any) any {
	if v.kind == Unknown {
		return unknown
	}
	switch d := v.data.(type) {
	case []Value:
		list := make([]any, len(d))
		for i, e := range d {
			list[i] = e.Filled(unknown)
		}
		return list
	case map[string]Value:
		object := make(map[string]any, len(d))
		for k, m := range d {
			object[k] = m.Filled(unknown)
		}
		return object
	default:
		return d
	}
}
