package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	enginestack "github.com/pulumi/pulumi/pkg/v3/resource/stack"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	packplugin "dynamoguard/internal/plugin"
	packresource "dynamoguard/internal/resource"
)

// TestDecodeProperties holds the pack's decoder against the engine's own, on
// generated values in every encoding the engine has.
func TestDecodeProperties(t *testing.T) {
	const values = 5000
	seen := map[string]int{}
	for seed := range uint64(values) {
		g := generator{rand.New(rand.NewPCG(seed, seed))}
		wire, err := plugin.MarshalProperties(g.object(4), plugin.MarshalOptions{
			KeepUnknowns: true, KeepSecrets: true, KeepByteString: true,
			KeepOutputValues: g.chance(2), KeepResources: g.chance(2),
		})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		oracle, err := plugin.UnmarshalProperties(wire, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		want := describe(resource.NewProperty(oracle), false)
		if diff := cmp.Diff(want, describePack(packplugin.DecodeProperties(wire))); diff != "" {
			t.Fatalf("seed %d: the engine's value (-) and the pack's (+) differ:\n%s\n%s", seed, diff, protojson.Format(wire))
		}
		for _, word := range strings.FieldsFunc(want, func(r rune) bool { return !('a' <= r && r <= 'z' || r == '-') }) {
			seen[word]++
		}
	}
	for _, kind := range []string{"unknown", "secret-unknown", "secret-string", "null", "asset", "archive", "list", "object"} {
		if seen[kind] < 100 {
			t.Errorf("only %d values of kind %s were generated", seen[kind], kind)
		}
	}
}

// TestSetProperties holds what the pack changes of a resource against what the
// engine reads of it: that is set, and all else is as it was.
func TestSetProperties(t *testing.T) {
	const values = 5000
	changed, refused := 0, 0
	for seed := range uint64(values) {
		g := generator{rand.New(rand.NewPCG(seed, seed))}
		name, key := resource.PropertyKey(g.word()), resource.PropertyKey(g.word())
		inputs := g.object(4)
		if g.chance(2) {
			inputs[name] = g.value(3)
		}
		wire, err := plugin.MarshalProperties(inputs, plugin.MarshalOptions{
			KeepUnknowns: true, KeepSecrets: true, KeepByteString: true,
			KeepOutputValues: g.chance(2), KeepResources: g.chance(2),
		})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		options := plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true}
		want, err := plugin.UnmarshalProperties(wire, options)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		block, ok := withMember(want[name], key)
		after, err := packplugin.Set(wire, packresource.Path(name).Member(string(key)), packresource.BoolValue(true))
		if ok != (err == nil) {
			t.Fatalf("seed %d: %v is set: %v, %v", seed, want[name], ok, err)
		}
		if !ok {
			refused++
			continue
		}
		changed++
		want[name] = block
		got, err := plugin.UnmarshalProperties(after, options)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !got.DeepEquals(want) {
			t.Fatalf("seed %d: got %v, want %v", seed, got, want)
		}
	}
	if min(changed, refused) < values/10 {
		t.Errorf("%d values are changed and %d not", changed, refused)
	}
}

// withMember is an object with a member that is true; what was secret stays so.
// It is not ok where there is no object, or none that is known.
func withMember(v resource.PropertyValue, key resource.PropertyKey) (_ resource.PropertyValue, ok bool) {
	switch {
	case v.IsSecret():
		held, ok := withMember(v.SecretValue().Element, key)
		return resource.MakeSecret(held), ok
	case v.IsObject():
		object := v.ObjectValue().Copy()
		on := resource.NewProperty(true)
		for held := object[key]; held.IsSecret(); held = held.SecretValue().Element {
			on = resource.MakeSecret(on)
		}
		object[key] = on
		return resource.NewProperty(object), true
	case v.IsNull():
		return resource.NewProperty(resource.PropertyMap{key: resource.NewProperty(true)}), true
	default:
		return v, false
	}
}

// TestDecodeState holds the decoder against the engine's own on what the engine
// writes into a state, with secrets shown.
func TestDecodeState(t *testing.T) {
	const values = 2000
	for seed := range uint64(values) {
		g := generator{rand.New(rand.NewPCG(seed, seed))}
		serialized, err := enginestack.SerializeProperties(t.Context(), g.object(4), config.NopEncrypter, true)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		text, err := json.Marshal(serialized)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var read map[string]any
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		oracle, err := enginestack.DeserializeProperties(read, config.NopDecrypter)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		want := describe(resource.NewProperty(oracle), false)
		if diff := cmp.Diff(want, describePack(packresource.Decode(read))); diff != "" {
			t.Fatalf("seed %d: the engine's value (-) and the pack's (+) differ:\n%s\n%s", seed, diff, text)
		}
	}
}

// TestDecodeMalformedProperties gives the decoder what the engine's own
// refuses: it has no error to return, and loses none of the object.
func TestDecodeMalformedProperties(t *testing.T) {
	signature := func(sig string, members map[string]any) map[string]any {
		members[resource.SigKey] = sig
		return members
	}
	tests := []struct {
		name  string
		value map[string]any
	}{
		{"secret without a value", signature(resource.SecretSig, map[string]any{"name": "x"})},
		{"byte string without a value", signature(resource.ByteStringSig, map[string]any{})},
		{"byte string of a number", signature(resource.ByteStringSig, map[string]any{"value": 1})},
		{"byte string that is not base64", signature(resource.ByteStringSig, map[string]any{"value": "%"})},
		{"resource reference without a URN", signature(resource.ResourceReferenceSig, map[string]any{"name": "x"})},
		{"signature of nothing", signature("0123456789abcdef0123456789abcdef", map[string]any{"value": "x"})},
		{"signature of another type", map[string]any{resource.SigKey: 1.0, "value": "x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wire, err := structpb.NewStruct(map[string]any{"property": test.value})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := plugin.UnmarshalProperties(wire, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true}); err == nil {
				t.Error("the engine's decoder accepts it: it belongs among the generated values")
			}
			var members []string
			for key := range test.value {
				members = append(members, key)
			}
			slices.Sort(members)
			got := packplugin.DecodeProperties(wire).Get("property")
			if got.Kind() != packresource.Object || !slices.Equal(got.Keys(), members) {
				t.Errorf("decoded as %s with members %q, want an object with %q", got.Kind(), got.Keys(), members)
			}
		})
	}
}

// describe writes a value of the engine as indented text, in the terms of the
// pack: an unknown has no type, and what a secret holds is secret.
func describe(v resource.PropertyValue, secret bool) string {
	switch {
	case v.IsSecret():
		return describe(v.SecretValue().Element, true)
	case v.IsComputed():
		return leaf(secret, "unknown", nil)
	case v.IsNull():
		return leaf(secret, "null", nil)
	case v.IsBool():
		return leaf(secret, "boolean", v.BoolValue())
	case v.IsNumber():
		return leaf(secret, "number", v.NumberValue())
	case v.IsString():
		return leaf(secret, "string", v.StringValue())
	case v.IsAsset():
		return leaf(secret, "asset", nil)
	case v.IsArchive():
		return leaf(secret, "archive", nil)
	case v.IsResourceReference():
		reference := v.ResourceReferenceValue()
		id, hasID := reference.IDString()
		switch {
		case !hasID:
			return leaf(secret, "string", string(reference.URN))
		case id == "":
			return leaf(secret, "unknown", nil)
		default:
			return leaf(secret, "string", id)
		}
	case v.IsArray():
		text := leaf(secret, "list", nil)
		for i, element := range v.ArrayValue() {
			text += member(fmt.Sprint(i), describe(element, secret))
		}
		return text
	case v.IsObject():
		text := leaf(secret, "object", nil)
		for _, key := range v.ObjectValue().StableKeys() {
			text += member(string(key), describe(v.ObjectValue()[key], secret))
		}
		return text
	default:
		panic(fmt.Sprintf("the engine decoded a %s", v.TypeString()))
	}
}

// describePack writes a value of the pack in the same form.
func describePack(v packresource.Value) string {
	switch v.Kind() {
	case packresource.Unknown:
		return leaf(v.Secret(), "unknown", nil)
	case packresource.Null:
		return leaf(v.Secret(), "null", nil)
	case packresource.Bool:
		b, _ := v.Bool()
		return leaf(v.Secret(), "boolean", b)
	case packresource.Number:
		n, _ := v.Number()
		return leaf(v.Secret(), "number", n)
	case packresource.String:
		s, _ := v.Text()
		return leaf(v.Secret(), "string", s)
	case packresource.Asset:
		return leaf(v.Secret(), "asset", nil)
	case packresource.Archive:
		return leaf(v.Secret(), "archive", nil)
	case packresource.Array:
		text := leaf(v.Secret(), "list", nil)
		for i, element := range v.Elements() {
			text += member(fmt.Sprint(i), describePack(element))
		}
		return text
	case packresource.Object:
		text := leaf(v.Secret(), "object", nil)
		for _, key := range v.Keys() {
			text += member(key, describePack(v.Get(key)))
		}
		return text
	default:
		return "the pack decoded " + v.Kind().String()
	}
}

func leaf(secret bool, kind string, value any) string {
	if secret {
		kind = "secret-" + kind
	}
	if value == nil {
		return kind + "\n"
	}
	return fmt.Sprintf("%s %#v\n", kind, value)
}

func member(name, text string) string {
	return "  " + name + ": " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}

// generator makes property values of every kind.
type generator struct{ *rand.Rand }

// chance is true once in n times.
func (g generator) chance(n int) bool { return g.IntN(n) == 0 }

func (g generator) object(depth int) resource.PropertyMap {
	object := resource.PropertyMap{}
	for range g.IntN(5) {
		object[resource.PropertyKey(g.word())] = g.value(depth)
	}
	return object
}

func (g generator) value(depth int) resource.PropertyValue {
	kinds := 12
	if depth == 0 {
		kinds = 7 // those that hold no other value
	}
	switch g.IntN(kinds) {
	case 0:
		return resource.NewNullProperty()
	case 1:
		return resource.NewProperty(g.chance(2))
	case 2:
		return resource.NewProperty(g.NormFloat64() * 1e6)
	case 3:
		return resource.NewProperty(g.word())
	case 4:
		return resource.NewProperty("\xff\xfe" + g.word()) // bytes that are not UTF-8
	case 5:
		return resource.MakeComputed(g.example())
	case 6:
		if g.chance(2) {
			return resource.NewProperty(g.asset())
		}
		return resource.NewProperty(&archive.Archive{Sig: archive.ArchiveSig, Assets: map[string]any{g.word(): g.asset()}})
	case 7:
		return resource.MakeSecret(g.value(depth - 1))
	case 8:
		return resource.NewProperty(resource.Output{
			Element: g.value(depth - 1), Known: g.chance(2), Secret: g.chance(2),
			Dependencies: []resource.URN{"urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders"},
		})
	case 9:
		reference := resource.ResourceReference{URN: "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders"}
		switch g.IntN(3) {
		case 0:
			reference.ID = resource.NewProperty(g.word())
		case 1:
			reference.ID = resource.MakeComputed(resource.NewProperty(""))
		}
		return resource.NewProperty(reference)
	case 10:
		list := []resource.PropertyValue{}
		for range g.IntN(4) {
			list = append(list, g.value(depth-1))
		}
		return resource.NewProperty(list)
	default:
		return resource.NewProperty(g.object(depth - 1))
	}
}

// example is a value of each type that an unknown may be of.
func (g generator) example() resource.PropertyValue {
	examples := []resource.PropertyValue{
		resource.NewProperty(false),
		resource.NewProperty(0.0),
		resource.NewProperty(""),
		resource.NewProperty([]resource.PropertyValue{}),
		resource.NewProperty(resource.PropertyMap{}),
		resource.NewProperty(&asset.Asset{}),
		resource.NewProperty(&archive.Archive{}),
	}
	return examples[g.IntN(len(examples))]
}

func (g generator) asset() *asset.Asset {
	return &asset.Asset{Sig: asset.AssetSig, Text: g.word(), Hash: g.word()}
}

func (g generator) word() string {
	const letters = "abcdefgh"
	word := make([]byte, 1+g.IntN(6))
	for i := range word {
		word[i] = letters[g.IntN(len(letters))]
	}
	return string(word)
}
