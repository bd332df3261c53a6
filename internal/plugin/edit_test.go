package plugin_test

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/plugin"
	"dynamoguard/internal/resource"
)

func structOf(t testing.TB, text string) *structpb.Struct {
	t.Helper()
	s := &structpb.Struct{}
	if err := s.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	sig     = `"4dabf18193072939515e22adb298388d":`
	secret  = sig + `"1b47061264138c4ac30d75fd1eb44270"`
	output  = sig + `"d0e6a833031e9bbcd3f4e8bde6ca49a4"`
	asset   = sig + `"c44067f5952c0a294b673a41bacd8c17"`
	unknown = `"04da6b54-80e4-46f7-96ec-b56ff0331ba9"`
)

// TestSet: what is not at the path stays as it was, whatever it is.
func TestSet(t *testing.T) {
	yes := resource.BoolValue(true)
	for _, c := range []struct {
		what, before string
		at           resource.Path
		to           resource.Value
		after        string // empty where it is refused
	}{
		{"a member", `{"a":false,"__defaults":["a"]}`, "b", yes, `{"a":false,"b":true,"__defaults":["a"]}`},
		{"a block that is made", `{}`, "a.b", yes, `{"a":{"b":true}}`},
		{"in place of null", `{"a":null}`, "a.b", yes, `{"a":{"b":true}}`},
		{"beside what a Value has no word for", `{"a":{"u":"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7","f":{` + asset + `,"text":"x"}}}`, "a.b", yes,
			`{"a":{"b":true,"u":"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7","f":{` + asset + `,"text":"x"}}}`},
		{"an element", `{"r":[{"n":1},{"n":2,"p":false}]}`, "r[1].p", yes, `{"r":[{"n":1},{"n":2,"p":true}]}`},
		{"after the last element", `{"r":[{"n":1}]}`, "r[1].p", yes, `{"r":[{"n":1},{"p":true}]}`},
		{"the first of a list that is made", `{"r":null}`, "r[0]", yes, `{"r":[true]}`},
		{"after the last of a secret list", `{"r":{` + secret + `,"value":["x"]}}`, "r[1]", yes, `{"r":{` + secret + `,"value":["x",true]}}`},
		{"a quoted key", `{"t":{"a.b":"x"}}`, `t["c.d"]`, resource.StringValue("y"), `{"t":{"a.b":"x","c.d":"y"}}`},
		{"within a secret", `{"a":{` + secret + `,"value":{"k":"x"}}}`, "a.b", yes, `{"a":{` + secret + `,"value":{"k":"x","b":true}}}`},
		{"a secret", `{"a":{` + secret + `,"value":false}}`, "a", yes, `{"a":{` + secret + `,"value":true}}`},
		{"a secret removed", `{"a":{` + secret + `,"value":false},"b":1}`, "a", resource.Value{}, `{"b":1}`},
		{"within an output", `{"a":{` + output + `,"value":{},"dependencies":["urn"]}}`, "a.b", yes,
			`{"a":{` + output + `,"value":{"b":true},"dependencies":["urn"]}}`},
		{"removed", `{"a":{"b":1,"c":2}}`, "a.b", resource.Value{}, `{"a":{"c":2}}`},
		{"removed where there is none", `{"a":null}`, "a.b.c", resource.Value{}, `{"a":null}`},

		{"beyond the end of a list", `{"r":[1]}`, "r[2]", yes, ""},
		{"removed beyond the end of a list", `{"r":[1]}`, "r[1].p", resource.Value{}, ""},
		{"an element of an object", `{"r":{"n":1}}`, "r[0]", yes, ""},
		{"within what is not known", `{"a":` + unknown + `}`, "a.b", yes, ""},
		{"within an output that is not known", `{"a":{` + output + `}}`, "a.b", yes, ""},
		{"within a secret that is not known", `{"a":{` + secret + `,"value":` + unknown + `}}`, "a.b", yes, ""},
		{"within an asset", `{"a":{` + asset + `,"text":"x"}}`, "a.text", yes, ""},
		{"within a text", `{"a":"x"}`, "a.b", yes, ""},
		{"an element removed", `{"a":[1,2]}`, "a[0]", resource.Value{}, ""},
		{"a signature", `{"a":{}}`, "a.4dabf18193072939515e22adb298388d", resource.StringValue("x"), ""},
		{"all", `{"a":1}`, "", resource.ObjectValue(nil), ""},
		{"no path", `{"a":{}}`, "a..b", yes, ""},
		{"a key that is no text", `{"a":{}}`, "a.\xff", yes, ""},
		{"what is no text", `{"a":{}}`, "a", resource.StringValue("\xff"), ""},
		{"what is not known", `{"a":1}`, "a", resource.UnknownValue(), ""},
		{"a secret value", `{"a":1}`, "a", yes.AsSecret(), ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			before := structOf(t, c.before)
			kept := proto.Clone(before)
			after, err := plugin.Set(before, c.at, c.to)
			if (err == nil) != (c.after != "") {
				t.Fatalf("error %v", err)
			}
			if err == nil {
				if diff := cmp.Diff(structOf(t, c.after), after, protocmp.Transform()); diff != "" {
					t.Error(diff)
				}
			}
			if diff := cmp.Diff(kept, before, protocmp.Transform()); diff != "" {
				t.Errorf("what was given is changed: %s", diff)
			}
		})
	}
}

// FuzzSet: to set and then to decode is to decode and then to set, on any properties and at any path; and to set again changes nothing.
func FuzzSet(f *testing.F) {
	for _, c := range [][2]string{
		{`{"a":{` + secret + `,"value":{"k":["x"]}}}`, "a.k[0]"}, {`{"a":{` + output + `,"secret":true}}`, "a"}, {`{"a":` + unknown + `}`, "a.b"},
		{`{"a":null}`, `a["b.c"].d`}, {`{` + secret + `,"value":{}}`, "a"}, {`{"a":{` + asset + `}}`, "a.hash"}, {`{"a":[{}]}`, "a[0].b"},
	} {
		f.Add(c[0], c[1], "to", false)
		f.Add(c[0], c[1], "", true)
	}
	f.Fuzz(func(t *testing.T, text, path, to string, remove bool) {
		before := &structpb.Struct{}
		if before.UnmarshalJSON([]byte(text)) != nil {
			return
		}
		value := resource.StringValue(to)
		if remove {
			value = resource.Value{}
		}
		decoded := plugin.Decode(structpb.NewStructValue(before))
		want, wantErr := decoded.Set(resource.Path(path), value)
		got, err := plugin.Set(before, resource.Path(path), value)
		if path == "" || !utf8.ValidString(path+to) {
			return // the whole of properties stays an object, and protobuf takes no text that is none
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("on the wire %v, of the value %v", err, wantErr)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(want.String(), plugin.Decode(structpb.NewStructValue(got)).String()); diff != "" {
			t.Errorf("(-value +wire):\n%s", diff)
		}
		again, err := plugin.Set(got, resource.Path(path), value)
		if err != nil || !proto.Equal(got, again) {
			t.Errorf("set again: %v, %v", again, err)
		}
	})
}
