package plugin_test

import (
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/plugin"
)

// TestDecode decodes what the engine may send and what nobody should. e2e compares the decoder with the engine's own on
// generated values.
func TestDecode(t *testing.T) {
	const sig = `"4dabf18193072939515e22adb298388d":`
	const secret = sig + `"1b47061264138c4ac30d75fd1eb44270"`
	const output = sig + `"d0e6a833031e9bbcd3f4e8bde6ca49a4"`
	const reference = sig + `"5cf8f73096256a8f31e491e813e4eb8e"`
	const bytes = sig + `"803fd3297a5875dc03ca845dda5d2a98"`
	const unknown = `"04da6b54-80e4-46f7-96ec-b56ff0331ba9"`
	for wire, want := range map[string]string{
		`true`: "true", `1.5`: "1.5", `"a"`: `"a"`, `null`: "[null]", `[1, null]`: "[1, [null]]", `{"a": {}}`: "{a: {}}",
		unknown: "[unknown]", `{"a": [` + unknown + `]}`: "{a: [[unknown]]}",

		`{` + secret + `, "value": "hush"}`:                          "[secret]",
		`{` + secret + `, "value": {"a": "hush"}}`:                   "[secret]",
		`{` + secret + `}`:                                           `{4dabf18193072939515e22adb298388d: "1b47061264138c4ac30d75fd1eb44270"}`,
		`{` + output + `, "value": 7}`:                               "7",
		`{` + output + `}`:                                           "[unknown]",
		`{` + output + `, "value": 7, "secret": true}`:               "[secret]",
		`{` + output + `, "secret": "yes", "value": 7}`:              "7",
		`{` + reference + `, "urn": "urn:x", "id": "i"}`:             `"i"`,
		`{` + reference + `, "urn": "urn:x", "id": ` + unknown + `}`: "[unknown]",
		`{` + reference + `, "urn": "urn:x", "id": ""}`:              "[unknown]",
		`{` + reference + `, "urn": "urn:x"}`:                        `"urn:x"`,
		`{` + bytes + `, "value": "aGk="}`:                           `"hi"`,
		`{` + bytes + `, "value": "not base64"}`:                     `{4dabf18193072939515e22adb298388d: "803fd3297a5875dc03ca845dda5d2a98", value: "not base64"}`,
		`{` + sig + `"c44067f5952c0a294b673a41bacd8c17"}`:            "[asset]",
		`{` + sig + `"0def7320c3a5731c473e5ecbe6d01bc7"}`:            "[archive]",
		`{` + sig + `"somebody's own"}`:                              `{4dabf18193072939515e22adb298388d: "somebody's own"}`,
		`{` + sig + `7}`:                                             "{4dabf18193072939515e22adb298388d: 7}",
	} {
		var s structpb.Struct
		if err := protojson.Unmarshal([]byte(`{"v": `+wire+`}`), &s); err != nil {
			t.Fatal(err)
		}
		if got := plugin.DecodeProperties(&s).Get("v").String(); got != want {
			t.Errorf("%s\n got %s\nwant %s", wire, got, want)
		}
	}
	// A secret that policy analyze could not decrypt.
	var s structpb.Struct
	if err := protojson.Unmarshal([]byte(`{"v": {`+secret+`, "value": "[secret]"}}`), &s); err != nil {
		t.Fatal(err)
	}
	if v := plugin.DecodeProperties(&s).Get("v"); !v.Secret() || !v.HasUnknown() {
		t.Error("a redacted secret counts as known")
	}
	if got := plugin.DecodeProperties(nil).String(); got != "{}" {
		t.Errorf("no properties: %s", got)
	}
}
