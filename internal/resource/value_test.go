package resource

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNoVerbShowsASecret tries every way a secret could get out by being printed.
func TestNoVerbShowsASecret(t *testing.T) {
	secret := ObjectValue(map[string]Value{
		"plain":  StringValue("shown"),
		"nested": ArrayValue([]Value{StringValue("hush").AsSecret(), ObjectValue(map[string]Value{"k": StringValue("hush")}).AsSecret()}),
	})
	inherited := secret.AsSecret().Get("nested").Elements()[1].Get("k")
	struct_ := struct{ V *Value }{&secret}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%T %v", "%10v"} {
		for _, value := range []any{secret, &secret, inherited, []Value{secret}, struct_} {
			if text := fmt.Sprintf(format, value); strings.Contains(text, "hush") || strings.Contains(text, "68757368") {
				t.Errorf("%s of %T shows the secret: %s", format, value, text)
			}
		}
	}
	data, err := json.Marshal(map[string]Value{"v": secret, "w": inherited})
	if err != nil || strings.Contains(string(data), "hush") {
		t.Errorf("JSON shows the secret: %s, %v", data, err)
	}
	const want = `{nested: [[secret], [secret]], plain: "shown"}`
	if got := secret.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFormat(t *testing.T) {
	for want, v := range map[string]Value{
		"[absent]":       {},
		"[null]":         NullValue(),
		"[unknown]":      UnknownValue(),
		"[asset]":        AssetValue(),
		"[archive]":      ArchiveValue(),
		"[secret]":       UnknownValue().AsSecret(),
		"true":           BoolValue(true),
		"3":              NumberValue(3),
		"0.25":           NumberValue(0.25),
		`"a\"b"`:         StringValue(`a"b`),
		`[1, [unknown]]`: ArrayValue([]Value{NumberValue(1), UnknownValue()}),
		"{}":             ObjectValue(nil),
	} {
		if got := v.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestQuote: what a program wrote cannot take over a terminal, nor fill it.
func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"a\n\x1b[31mb\u202e":     `"a\n\x1b[31mb\u202e"`,
		"\xff":                   `"\xff"`,
		strings.Repeat("a", 256): `"` + strings.Repeat("a", 256) + `"`,
		strings.Repeat("a", 257): `"` + strings.Repeat("a", 256) + `"... (257 bytes)`,
	} {
		if got := StringValue(text).String(); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestSecretsAndUnknownsAreInherited(t *testing.T) {
	v := ObjectValue(map[string]Value{"a": StringValue("x"), "u": UnknownValue()}).AsSecret()
	if !v.Get("a").Secret() {
		t.Error("a member of a secret is not secret")
	}
	if v.Get("missing").Secret() || v.Get("missing").Kind() != Absent {
		t.Error("a member that a secret does not have is not absent")
	}
	if k := v.Get("u").Get("deeper").Kind(); k != Unknown {
		t.Errorf("a member of an unknown value is %v", k)
	}
	if !v.HasUnknown() || !v.HasSecret() {
		t.Error("an unknown or secret member is not found")
	}
	if UnknownValue().Equal(UnknownValue()) {
		t.Error("two unknown values are equal")
	}
	if !v.Get("a").Equal(StringValue("x")) {
		t.Error("a secret does not equal what it holds")
	}
}

// TestAll: a pattern leads to every element of the lists in it, and to what stands in the way of one.
func TestAll(t *testing.T) {
	object := func(name string, v Value) Value { return ObjectValue(map[string]Value{name: v}) }
	r := &Resource{Properties: ObjectValue(map[string]Value{
		"name":   StringValue("n"),
		"block":  object("inner", StringValue("i")),
		"texts":  ArrayValue([]Value{StringValue("a"), UnknownValue()}),
		"blocks": ArrayValue([]Value{object("arns", ArrayValue([]Value{StringValue("b")})), object("arns", UnknownValue()), NumberValue(1)}),
		"text":   StringValue("t"),
		"later":  UnknownValue(),
	})}
	for pattern, want := range map[string]struct{ found, mistyped []string }{
		"name":            {[]string{`name "n"`}, nil},
		"block.inner":     {[]string{`block.inner "i"`}, nil},
		"texts[]":         {[]string{`texts[0] "a"`, "texts[1] [unknown]"}, nil},
		"blocks[].arns[]": {[]string{`blocks[0].arns[0] "b"`, "blocks[1].arns [unknown]", "blocks[2].arns [absent]"}, []string{"blocks[2] is a number, not an object"}},
		"text[].arn":      {[]string{"text [absent]"}, []string{"text is a string, not a list"}},
		"later[].arn":     {[]string{"later [unknown]"}, nil},
		"absent[].arn":    {nil, nil},
	} {
		var log Log
		var got struct{ found, mistyped []string }
		for _, p := range r.All(pattern, &log) {
			got.found = append(got.found, fmt.Sprintf("%s %v", p.Path, p.Value))
			if _, ok := p.Text(); ok != (p.Value.Kind() == String) {
				t.Errorf("%s: %s is readable: %v", pattern, p.Path, ok)
			}
		}
		got.mistyped = log.Mistyped
		if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pattern, diff)
		}
	}
}

// TestPlace: what is missing is missing where the outermost value is that nobody set.
func TestPlace(t *testing.T) {
	r := &Resource{Properties: ObjectValue(map[string]Value{
		"block": ObjectValue(nil), "null": NullValue(), "list": ArrayValue([]Value{NullValue()}),
	})}
	for pattern, want := range map[string]Path{
		"name": "name", "absent.a.b": "absent", "null.a": "null", "block.a": "block.a", "block.a.b": "block.a",
		"list[].a": "list[0].a", "list[].a.b": "list[0].a", // the element is there
	} {
		if got := r.All(pattern, &Log{})[0].Place(); got != want {
			t.Errorf("%s is missing at %s, not %s", pattern, got, want)
		}
	}
}

func TestProperty(t *testing.T) {
	r := &Resource{Properties: ObjectValue(map[string]Value{
		"on":      BoolValue(true),
		"text":    StringValue("7"),
		"list":    ArrayValue([]Value{ObjectValue(map[string]Value{"on": NumberValue(1)}), UnknownValue()}),
		"pending": UnknownValue(),
		"null":    NullValue(),
	})}
	var log Log
	var reads []string
	r.OnRead = func(p string) { reads = append(reads, p) }

	if on, ok := r.Property("on", &log).Bool(); !on || !ok {
		t.Error("on")
	}
	if n, ok := r.Property("text", &log).Number(); n != 7 || !ok {
		t.Error("text")
	}
	if s, ok := r.Property("null", &log).Text(); s != "" || !ok {
		t.Error("null")
	}
	if b, ok := r.Property("absent", &log).Get("member").Bool(); b || !ok {
		t.Error("absent")
	}
	elements, ok := r.Property("list", &log).Elements()
	if !ok || len(elements) != 2 {
		t.Fatal("list")
	}
	for _, e := range elements {
		if _, ok := e.Get("on").Bool(); ok {
			t.Errorf("%s is readable", e.Path)
		}
	}
	for range 2 { // noted once
		if _, ok := r.Property("pending", &log).Get("deep").Elements(); ok {
			t.Error("pending is readable")
		}
	}
	// What is below a value of the wrong type is noted once, where the type is wrong.
	wrong := r.Property("on", &log).Get("deep")
	_, ok1 := wrong.Text()
	_, ok2 := wrong.Get("er").Elements()
	if ok1 || ok2 || wrong.Unset() || wrong.Known() {
		t.Error("a member of a boolean is readable")
	}

	if diff := cmp.Diff([]Path{"list[1]", "pending"}, log.Unknown); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"list[0].on is a number, not a boolean", "on is a boolean, not an object"}, log.Mistyped); diff != "" {
		t.Error(diff)
	}
	want := []string{"on", "text", "null", "absent", "absent.member", "list", "list[].on", "list[].on", "pending", "pending.deep",
		"pending", "pending.deep", "on", "on.deep", "on.deep.er"}
	if diff := cmp.Diff(want, reads); diff != "" {
		t.Error(diff)
	}
}

func TestURN(t *testing.T) {
	const u = URN("urn:pulumi:dev::shop::my:Group$aws:dynamodb/table:Table::orders::eu")
	got := []string{u.Stack(), u.Project(), u.Type(), u.Name(), string(u.RootURN())}
	want := []string{"dev", "shop", "aws:dynamodb/table:Table", "orders::eu", "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	const top = URN("urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders")
	got = []string{
		u.Parent(), top.Parent(), URN("urn:pulumi:dev::shop::a:b:C$d:e:F$g:h:I::x").Parent(),
		string(u.Sibling("aws:iam/role:Role", "r")), string(top.Sibling("aws:iam/role:Role", "r")),
	}
	want = []string{
		"my:Group", "", "d:e:F",
		"urn:pulumi:dev::shop::my:Group$aws:iam/role:Role::r", "urn:pulumi:dev::shop::aws:iam/role:Role::r",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []URN{"", "orders", "urn:pulumi:dev::shop", "urn:other:a::b::c::d"} {
		if bad.Stack()+bad.Project()+bad.Type()+bad.Name()+bad.Parent() != "" {
			t.Errorf("%q has parts", bad)
		}
	}
}
