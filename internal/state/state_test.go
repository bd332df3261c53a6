package state_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/resource"
	"dynamoguard/internal/state"
)

const (
	table    = "aws:dynamodb/table:Table"
	provider = "pulumi:providers:aws"
)

func urn(typ, name string) resource.URN {
	return resource.URN("urn:pulumi:dev::shop::" + typ + "::" + name)
}

// export is a state as `pulumi stack export` writes it.
func export(resources ...string) string {
	return `{"version":3,"deployment":{"manifest":{"magic":"{\"[\\"},"resources":[` + strings.Join(resources, ",") + `]}}`
}

func read(text string, wanted func(string) bool) (resources []*state.Resource, err error) {
	err = state.Read(strings.NewReader(text), wanted, func(r *state.Resource) { resources = append(resources, r) })
	return resources, err
}

// TestReadAll reads all resources: those of some types whole, and of the others what they have whatever their type is.
func TestReadAll(t *testing.T) {
	const text = `{"version":3,"deployment":{"resources":[
{"urn":"urn:pulumi:dev::shop::pulumi:providers:aws::p","type":"pulumi:providers:aws","id":"1","inputs":{"region":"eu-west-1"}},
{"urn":"urn:pulumi:dev::shop::aws:dynamodb/table:Table::a","type":"aws:dynamodb/table:Table","id":"t","inputs":{"name":"t"},"outputs":{"arn":"a"},
"dependencies":["urn:b"],"propertyDependencies":{"name":["urn:b"]},"provider":"urn:pulumi:dev::shop::pulumi:providers:aws::p::1","sourcePosition":"project:///a.ts#3","protect":true},
{"urn":"urn:pulumi:dev::shop::aws:s3/bucket:Bucket::b","type":"aws:s3/bucket:Bucket","id":"b","inputs":{"name":"b"},"outputs":{"arn":"b"},
"dependencies":["urn:a"],"propertyDependencies":{"name":["urn:a"]},"provider":"urn:pulumi:dev::shop::pulumi:providers:aws::p::1","sourcePosition":"project:///a.ts#9","protect":true,
"delete":true,"external":true,"parent":"urn:parent","aliases":["urn:alias"]}]}}`
	all, err := read(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []*state.Resource
	err = state.ReadAll(strings.NewReader(text), func(typ string) bool { return typ == table }, func(r *state.Resource) { got = append(got, r) })
	if err != nil {
		t.Fatal(err)
	}
	bucket := *all[2]
	bucket.Properties, bucket.Outputs = resource.ObjectValue(nil), resource.ObjectValue(nil)
	bucket.Dependencies, bucket.PropertyDependencies = nil, nil
	if diff := cmp.Diff([]*state.Resource{all[0], all[1], &bucket}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if bucket.URN == "" || bucket.Provider.Properties.Empty() || !bucket.External || bucket.Position.Line != 9 {
		t.Errorf("%+v", bucket)
	}
}

// TestRead reads a resource with all that is kept of it, and its provider.
func TestRead(t *testing.T) {
	resources, err := read(export(
		`{"urn":"urn:pulumi:dev::shop::pulumi:providers:aws::default_7_1_0","custom":true,"id":"1234","type":"pulumi:providers:aws",
			"inputs":{"region":"eu-west-1","version":"7.1.0"},"outputs":{"region":"us-east-1"}}`,
		`{"urn":"urn:pulumi:dev::shop::my:Group$aws:dynamodb/table:Table::orders","custom":true,"id":"orders-1","type":"aws:dynamodb/table:Table",
			"inputs":{"name":"orders-1","ttl":{"enabled":true}},
			"outputs":{"arn":"arn:1","hashKey":{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","ciphertext":"x"}},
			"parent":"urn:pulumi:dev::shop::my:Group::group","aliases":["urn:pulumi:dev::shop::aws:dynamodb/table:Table::old"],"protect":true,
			"provider":"urn:pulumi:dev::shop::pulumi:providers:aws::default_7_1_0::1234",
			"dependencies":["urn:pulumi:dev::shop::my:Key::key"],"propertyDependencies":{"name":["urn:pulumi:dev::shop::my:Key::key"],"ttl":null},
			"delete":true,"external":true,"pendingReplacement":true,"sourcePosition":"project:///src/my%20tables.ts#12,5","created":"2026-11-22T12:00:00Z"}`,
		`{"urn":"urn:pulumi:dev::shop::my:Group::group","type":"my:Group"}`,
	), nil)
	if err != nil || len(resources) != 3 {
		t.Fatal(resources, err)
	}
	p, r, group := resources[0], resources[1], resources[2]
	text := resource.StringValue
	inputs := resource.ObjectValue(map[string]resource.Value{"region": text("eu-west-1"), "version": text("7.1.0")})
	want := &state.Resource{
		Resource: resource.Resource{
			URN: "urn:pulumi:dev::shop::my:Group$aws:dynamodb/table:Table::orders", Type: table, Name: "orders",
			Properties: resource.ObjectValue(map[string]resource.Value{
				"name": text("orders-1"), "ttl": resource.ObjectValue(map[string]resource.Value{"enabled": resource.BoolValue(true)}),
			}),
			Options:              resource.Options{Protect: true, Parent: urn("my:Group", "group"), Aliases: []resource.URN{urn(table, "old")}},
			Provider:             &resource.Provider{URN: urn(provider, "default_7_1_0"), Type: provider, Name: "default_7_1_0", Properties: inputs},
			PropertyDependencies: map[string][]resource.URN{"name": {urn("my:Key", "key")}, "ttl": nil},
		},
		ID: "orders-1",
		Outputs: resource.ObjectValue(map[string]resource.Value{
			"arn": text("arn:1"), "hashKey": text("hidden").AsSecret(), // compared as shown
		}),
		Dependencies: []resource.URN{urn("my:Key", "key")},
		Position:     state.Position{File: "src/my tables.ts", Line: 12},
		Delete:       true, External: true, PendingReplacement: true,
	}
	shown := cmp.Comparer(func(a, b resource.Value) bool { return a.String() == b.String() && a.Kind() != resource.Absent })
	if diff := cmp.Diff(want, r, shown); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := p.Outputs.Get("region").String(); p.ID != "1234" || p.Provider != nil || got != `"us-east-1"` {
		t.Errorf("the provider: %+v", p)
	}
	bare := &state.Resource{
		Resource: resource.Resource{URN: urn("my:Group", "group"), Type: "my:Group", Name: "group", Properties: resource.ObjectValue(nil)},
		Outputs:  resource.ObjectValue(nil),
	}
	if diff := cmp.Diff(bare, group, shown); diff != "" {
		t.Errorf("a component (-want +got):\n%s", diff)
	}
}

// TestReadForms: the forms of states, and the encodings. Every one is read at once and byte by byte.
func TestReadForms(t *testing.T) {
	const resources = `"resources":[{"urn":"urn:pulumi:dev::shop::my:Key::\u00e9ü😀","type":"my:Key","inputs":{"a":"ü😀"}}]`
	export := `{"version":3,"deployment":{` + resources + `}}`
	utf16le := func(text string) string {
		b := []byte("\xff\xfe")
		for _, unit := range utf16.Encode([]rune(text)) {
			b = binary.LittleEndian.AppendUint16(b, unit)
		}
		return string(b)
	}
	const one = `éü😀 {a: "ü😀"}`
	for name, c := range map[string]struct{ text, want string }{
		"an export":         {export, one},
		"a checkpoint":      {`{"version":3,"checkpoint":{"stack":"dev","latest":{` + resources + `}}}`, one},
		"version 1":         {`{"version":1,"deployment":{` + resources + `}}`, one},
		"version 4":         {`{"version":4,"features":["refreshBeforeUpdate"],"deployment":{` + resources + `}}`, one},
		"the version last":  {`{"deployment":{` + resources + `},"version":2}`, one},
		"UTF-8 with a mark": {"\xef\xbb\xbf" + export, one},
		"UTF-16":            {utf16le(export), one},
		"long UTF-16":       {utf16le(strings.Repeat(" ", 5000) + export + strings.Repeat("\r\n", 5000)), one},
		"half a surrogate":  {strings.Replace(utf16le(strings.Replace(export, `"ü😀"`, `"#"`, 1)), "#\x00", "\x00\xd8", 1), `éü😀 {a: "` + "\uFFFD" + `"}`},
		"initialised only":  {`{"version":3,"checkpoint":{"stack":"organization/shop/dev"}}`, ""},
		// As CLI v3.200.0 leaves it, of which such a stack's tables were not known.
		"names with capitals":              {`{"version":3,"checkpoint":{"Stack":"dev","Latest":{` + resources + `}}}`, one},
		"initialised only, with a capital": {`{"version":3,"checkpoint":{"Stack":"organization/shop/dev"}}`, ""},
		"never deployed":                   {`{"version":3,"deployment":null}`, ""},
		"without resources":                {`{"version":3,"deployment":{"resources":null}}`, ""},
		"being created":                    {`{"version":3,"deployment":{` + resources + `,"pending_operations":[{"resource":{"urn":"urn:pulumi:dev::shop::my:Key::new","type":"my:Key"},"type":"creating"},{"type":"importing","resource":{"urn":"urn:pulumi:dev::shop::my:Key::old","type":"my:Key"}}]}}`, one + "; new {}; old {}"},
		"other operations":                 {`{"version":3,"deployment":{` + resources + `,"pending_operations":[{"resource":{"urn":"urn:pulumi:dev::shop::my:Key::new","type":"my:Key"},"type":"updating"},{"resource":null,"type":"creating"},{"type":7},{}]}}`, one},
		"no operations":                    {`{"version":3,"deployment":{"pending_operations":null,` + resources + `}}`, one},
		"something else first":             {`{"x":[{"resources":[{"type":"a"}]}],"version":3,"deployment":{"pending_operations":[{"resource":{"type":"a"}}],` + resources + `}}`, one},
	} {
		for how, r := range map[string]io.Reader{
			"at once": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text)),
			"with its end": iotest.DataErrReader(strings.NewReader(c.text)),
		} {
			var got []string
			err := state.Read(r, nil, func(r *state.Resource) { got = append(got, fmt.Sprint(r.Name, " ", r.Properties)) })
			if err != nil || strings.Join(got, "; ") != c.want {
				t.Errorf("%s, %s: got %q, %v; want %q", name, how, got, err, c.want)
			}
		}
	}
}

// TestWanted: what is not wanted is not even decoded, but for providers.
func TestWanted(t *testing.T) {
	const byProvider = `"provider":"urn:pulumi:dev::shop::pulumi:providers:aws::p::1"`
	resources, err := read(export(
		`{"urn":"urn:pulumi:dev::shop::pulumi:providers:aws::p","id":"1","type":"pulumi:providers:aws","inputs":{"region":"eu-west-1"}}`,
		`{"type":"my:Key","inputs":"no object"}`,
		`{"type":7}`,
		`{"inputs":{"type":"`+table+`"}}`,
		`{"inputs":{"name":"orders"},"urn":"urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders",`+byProvider+`,"type":"`+table+`"}`,
		`{"urn":"urn:pulumi:dev::shop::x::x","\u0074ype":"aws:dynamodb\/table:Table","type":"my:Key"}`,
	), func(typ string) bool { return typ == table })
	var got []string
	for _, r := range resources {
		got = append(got, r.Type+" "+r.Name)
	}
	if diff := cmp.Diff([]string{table + " orders", table + " x"}, got); diff != "" || err != nil {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	if got := resources[0].Provider.Properties.String(); got != `{region: "eu-west-1"}` {
		t.Errorf("the provider has %s", got)
	}
}

// TestProviders: which provider of the state manages a resource. One that was replaced is there twice until it is deleted.
func TestProviders(t *testing.T) {
	p := func(id, region, more string) string {
		return `{"urn":"urn:pulumi:dev::shop::pulumi:providers:aws::p","id":"` + id + `","type":"pulumi:providers:aws","inputs":{"region":"` + region + `"}` + more + `}`
	}
	by := func(reference string) string {
		return `{"urn":"urn:pulumi:dev::shop::my:Key::k","type":"my:Key","provider":"` + reference + `"}`
	}
	const its = "urn:pulumi:dev::shop::pulumi:providers:aws::p"
	resources, err := read(export(p("1", "eu-west-1", ""), p("2", "us-east-1", `,"delete":true`),
		by(its+"::1"), by(its+"::2"), by(its+"::3"), by("urn:pulumi:dev::shop::pulumi:providers:aws::gone::4"), by("p"), by(""),
	), func(typ string) bool { return typ == "my:Key" })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range resources {
		if r.Provider == nil {
			got = append(got, "none")
			continue
		}
		got = append(got, fmt.Sprint(r.Provider.Type, " ", r.Provider.Name, " ", r.Provider.Properties))
	}
	want := []string{
		`pulumi:providers:aws p {region: "eu-west-1"}`, `pulumi:providers:aws p {region: "us-east-1"}`,
		`pulumi:providers:aws p {region: "eu-west-1"}`, `pulumi:providers:aws gone {}`, "none", "none",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPosition(t *testing.T) {
	for text, want := range map[string]state.Position{
		"project:///index.ts#7":         {File: "index.ts", Line: 7},
		"project:///../shared/a.py#1,1": {File: "../shared/a.py", Line: 1},
		"project:///index.ts":           {},
		"project:///index.ts#x":         {},
		"project:///index.ts#0":         {},
		"file:///home/index.ts#7":       {},
		"%":                             {},
		"":                              {},
	} {
		resources, err := read(export(`{"type":"my:Key","sourcePosition":"`+text+`"}`), nil)
		if err != nil || resources[0].Position != want {
			t.Errorf("%q: got %+v, %v; want %+v", text, resources[0].Position, err, want)
		}
	}
}

// TestSecrets: a secret stays one, whether the state keeps it encrypted or shows it; as a whole, inputs can be one too.
func TestSecrets(t *testing.T) {
	const secret = `{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270",`
	resources, err := read(export(
		`{"type":"my:Key","inputs":{"a":`+secret+`"plaintext":"\"hush\""},"b":`+secret+`"ciphertext":"v1:x"}},"outputs":`+secret+`"ciphertext":"v1:x"}}`,
	), nil)
	if err != nil {
		t.Fatal(err)
	}
	in, out := resources[0].Properties, resources[0].Outputs
	if got := in.String() + out.String(); got != "{a: [secret], b: [secret]}[secret]" {
		t.Error(got)
	}
	if a, _ := in.Get("a").Text(); a != "hush" || in.Get("b").Kind() != resource.Unknown || out.Get("c").Kind() != resource.Unknown || !out.Get("c").Secret() {
		t.Errorf("a is %q, b %v, c %v", a, in.Get("b").Kind(), out.Get("c").Kind())
	}
}

func TestReadErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"version":0}`:                      "not a state: its version is not a number from 1 to 4",
		`{"version":"hush"}`:                 "not a state: its version is not a number from 1 to 4",
		`{"version":5}`:                      "not a state: version 5 is newer than 4, the newest this version of dynamoguard reads; update it",
		export(`{"urn":["hush"]}`):           "not a state: the resource that ends at byte 86 cannot be read",
		"\xef\xbb\xbf[]":                     "not a state: byte 0 is '[', not the start of an object",
		"\xff\xfe{\x00":                      "not a state: it ends after 1 bytes, in the middle",
		"\xff\xfe{\x00\"":                    "not a state: unexpected EOF",
		"\xfe\xff\x00{":                      "not a state: byte 0 is 'þ', not the start of an object",
		`{"version":3,"deployment":{"a":1,]`: "not a state: byte 33 is ']', not a string",
	} {
		if _, err := read(text, nil); err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// FuzzRead: a state is read alike at once, in pieces, with a mark and as UTF-16, and not at all where it is none.
func FuzzRead(f *testing.F) {
	f.Add(export(`{"urn":"urn:pulumi:dev::shop::my:Key::k","type":"my:Key","inputs":{"a":[1,"\\\"x"]},"sourcePosition":"project:///a#1"}`))
	f.Add(`{"checkpoint":{"latest":{"resources":[{"type":"pulumi:providers:aws"},{}]}},"version":3}`)
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		all := func(r io.Reader) (string, error) {
			var b bytes.Buffer
			err := state.Read(r, nil, func(r *state.Resource) { fmt.Fprintln(&b, r.URN, r.Type, r.ID, r.Properties, r.Outputs, r.Position) })
			return b.String(), err
		}
		if strings.HasPrefix(text, "\uFEFF") {
			return // a mark itself
		}
		wide := []byte("\xff\xfe")
		for _, unit := range utf16.Encode([]rune(text)) {
			wide = binary.LittleEndian.AppendUint16(wide, unit)
		}
		want, err := all(strings.NewReader(text))
		for how, r := range map[string]io.Reader{
			"byte by byte": iotest.OneByteReader(strings.NewReader(text)), "marked": strings.NewReader("\uFEFF" + text),
			"UTF-16": bytes.NewReader(wide),
		} {
			if got, err2 := all(r); got != want || fmt.Sprint(err) != fmt.Sprint(err2) {
				t.Errorf("%q, %s: %q %v, not %q %v", text, how, got, err2, want, err)
			}
		}
	})
}

// A repeated is a text that is too long to be in memory: its middle comes many times.
func repeated(before, middle string, times int, after string) io.Reader {
	return io.MultiReader(strings.NewReader(before), &repeater{text: middle, left: times}, strings.NewReader(after))
}

type repeater struct {
	text string
	left int // times
	rest string
}

func (r *repeater) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if r.rest == "" {
			if r.left == 0 {
				break
			}
			r.left--
			r.rest = r.text
		}
		k := copy(p[n:], r.rest)
		n, r.rest = n+k, r.rest[k:]
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// TestBomb reads texts that are many times larger than what they were compressed to, and take many times that in memory if
// they are let. Most is what all that is allocated takes, whether it is in use at the same time or not.
func TestBomb(t *testing.T) {
	const (
		start    = `{"version":3,"checkpoint":{"latest":{"resources":[`
		end      = `]}}}`
		table    = `{"urn":"urn:pulumi:dev::shop::aws:dynamodb/table:Table::t","type":"aws:dynamodb/table:Table"`
		role     = `{"urn":"urn:pulumi:dev::shop::aws:iam/role:Role::r","type":"aws:iam/role:Role"`
		provider = `{"urn":"urn:pulumi:dev::shop::pulumi:providers:aws::p","type":"pulumi:providers:aws","id":"1"`
		million  = 1_000_000
	)
	for _, c := range []struct {
		name string
		r    io.Reader
		most int // MB
		want string
	}{
		{"a long string of another resource", repeated(start+role+`,"inputs":{"x":"`, strings.Repeat("x", 100), million, `"}}`+end), 1, ""},
		{"many values of another resource", repeated(start+role+`,"inputs":{"x":[0`, ",{}", 30*million, `]}}`+end), 1, ""},
		{"deep in another resource", repeated(start+role+`,"inputs":{"x":`, "[", 30*million, ``), 1,
			"not a state: it ends after 30000143 bytes, in the middle"},
		{"many resources", repeated(start+role+`}`, ","+role+`}`, million, end), 40, ""},
		{"a long string of a table", repeated(start+table+`,"inputs":{"x":"`, "x", 30*million, `"}}`+end), 40,
			"not a state: the value at byte 50 is larger than 16777216 bytes"},
		{"a long type", repeated(start+`{"type":"`, "x", 30*million, `"}`+end), 64,
			"not a state: the value at byte 50 is larger than 16777216 bytes"},
		{"a long name", repeated(`{"`, "x", 30*million, `":0}`), 64, "not a state: the value at byte 2 is larger than 16777216 bytes"},
		{"many values of a table", repeated(start+table+`,"inputs":{"x":[0`, ",{}", million, `]}}`+end), 20,
			"not a state: the resource that ends at byte 3000162 takes more than 16 MB of memory"},
		{"many names in a table", repeated(start+table+`,"inputs":{"":0`, `,"":{"":0}`, million, `}}`+end), 40,
			"not a state: the resource that ends at byte 10000159 takes more than 16 MB of memory"},
		{"as many values as there may be", repeated(start+table+`,"inputs":{"x":[0`, ",{}", 60_000, `]}}`+end), 20, ""},
		{"deep in a table", repeated(start+table+`,"inputs":{"x":`, "[", 100_000, strings.Repeat("]", 100_000)+`}}`+end), 40,
			"not a state: the resource that ends at byte 200159 cannot be read"},
		{"many providers", repeated(start+provider+`}`, ","+provider+`}`, million, end), 100,
			"not a state: its providers take more than 64 MB of memory"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := state.Read(c.r, func(typ string) bool { return typ == "aws:dynamodb/table:Table" }, func(*state.Resource) {})
		runtime.ReadMemStats(&after)
		if got := fmt.Sprint(err); got != c.want && (err != nil || c.want != "") {
			t.Errorf("%s: %s", c.name, got)
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > uint64(c.most) {
			t.Errorf("%s: %d MB were allocated, not %d", c.name, took, c.most)
		}
	}
}
