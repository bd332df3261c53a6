package resource

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDecode decodes what a state holds; the decoder's other cases are in the tests of package analyzer.
func TestDecode(t *testing.T) {
	const sig = `"4dabf18193072939515e22adb298388d":`
	const secret = sig + `"1b47061264138c4ac30d75fd1eb44270"`
	const float = sig + `"8ad145fe-0d11-4827-bfd7-1abcbf086f5c"`
	type state struct {
		Text            string
		Secret, Unknown bool
	}
	for text, want := range map[string]state{
		`{"a": [true, 1.5, "x", null]}`:             {Text: `{a: [true, 1.5, "x", [null]]}`},
		`"04da6b54-80e4-46f7-96ec-b56ff0331ba9"`:    {Text: "[unknown]", Unknown: true},
		`{` + secret + `, "ciphertext": "v1:x"}`:    {Text: "[secret]", Secret: true, Unknown: true},
		`{` + secret + `, "plaintext": "\"hush\""}`: {Text: "[secret]", Secret: true},
		// What is nested in a secret was not encrypted again.
		`{` + secret + `, "plaintext": "{\"4dabf18193072939515e22adb298388d\":\"1b47061264138c4ac30d75fd1eb44270\",\"plaintext\":\"[1]\"}"}`: {
			Text: "[secret]", Secret: true,
		},
		`{` + secret + `, "plaintext": "not JSON"}`:    {Text: "[secret]", Secret: true, Unknown: true},
		`{` + secret + `, "plaintext": 7}`:             {Text: "[secret]", Secret: true, Unknown: true},
		`{` + secret + `}`:                             {Text: `{4dabf18193072939515e22adb298388d: "1b47061264138c4ac30d75fd1eb44270"}`},
		`{` + float + `, "value": "7ff0000000000000"}`: {Text: "+Inf"},
		`{` + float + `, "value": "x"}`:                {Text: `{4dabf18193072939515e22adb298388d: "8ad145fe-0d11-4827-bfd7-1abcbf086f5c", value: "x"}`},
	} {
		v, ok := DecodeJSON(text)
		if got := (state{v.String(), v.Secret(), v.HasUnknown()}); !ok || got != want {
			t.Errorf("%s\n got %+v\nwant %+v", text, got, want)
		}
	}
	if _, ok := DecodeJSON("{"); ok {
		t.Error("half a JSON text is decoded")
	}
}

func TestPlaintext(t *testing.T) {
	const text = `{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","plaintext":"{\"a\":[\"hush\"]}"}`
	v, _ := DecodeJSON(text)
	if got, _ := v.Get("a").Elements()[0].Text(); got != "hush" || !v.Get("a").Secret() {
		t.Errorf("got %q, secret %v", got, v.Get("a").Secret())
	}
}

// TestPlain: decoding and its inverse are that.
func TestPlain(t *testing.T) {
	const text = `{"a":[true,1.5,"x",null,[],{}],"b":{"c":""}}`
	v, _ := DecodeJSON(text)
	data, err := json.Marshal(v.Plain())
	if err != nil || string(data) != text {
		t.Errorf("got %s, %v", data, err)
	}
	shown := ObjectValue(map[string]Value{
		"secret": StringValue("hush").AsSecret(), "asset": AssetValue(), "unknown": UnknownValue(), "null": NullValue(), "absent": {},
	}).Plain()
	want := map[string]any{"secret": "hush", "asset": nil, "unknown": nil, "null": nil, "absent": nil}
	if diff := cmp.Diff(any(want), shown); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(any([]any{}), ArrayValue(nil).Plain()); diff != "" {
		t.Error(diff)
	}
}
