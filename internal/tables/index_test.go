package tables_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/tables"
)

var at = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// of is a table of a stack: project/stack account region name.
func of(text string) tables.Entry {
	f := strings.Fields(text)
	project, stack, _ := strings.Cut(f[0], "/")
	e := tables.Entry{
		Partition: "aws", Account: f[1], Region: f[2], Name: f[3], Organization: "acme", Project: project, Stack: stack,
		URN: fmt.Sprintf("urn:pulumi:%s::%s::aws:dynamodb/table:Table::%s", stack, project, f[3]),
	}
	if f[1] == "-" {
		e.Account = ""
	}
	if f[2] == "-" {
		e.Region, e.Partition = "", ""
	}
	return e
}

func index(lines ...string) *tables.Index {
	var list []tables.Entry
	for _, l := range lines {
		list = append(list, of(l))
	}
	return tables.New(at, list, nil, 0)
}

const encoded = `{"schemaVersion":1,"generatedAt":"2026-11-22T12:00:00Z","unread":["acme/shop/prod"],"secret":2,"tables":[
{"partition":"aws","account":"111122223333","region":"us-east-1","name":"carts","organization":"acme","project":"shop","stack":"dev","urn":"urn:pulumi:dev::shop::aws:dynamodb/table:Table::carts"},
{"partition":"","account":"","region":"","name":"orders","organization":"acme","project":"shop","stack":"dev","urn":"urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders"}
]}
`

func TestEncode(t *testing.T) {
	orders, carts := of("shop/dev - - orders"), of("shop/dev 111122223333 us-east-1 carts")
	unread := []string{"acme/shop/prod", "acme/shop/prod"}
	for _, order := range [][]tables.Entry{{orders, carts}, {carts, orders}, {carts, orders, carts}} {
		x := tables.New(at.In(time.FixedZone("", 3600)), order, unread, 2)
		if diff := cmp.Diff(encoded, string(x.Encode())); diff != "" {
			t.Error(diff)
		}
		back, err := tables.Decode(x.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(x, back); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDecode(t *testing.T) {
	const head = `{"schemaVersion":1,"generatedAt":"2026-11-22T12:00:00Z","tables":[`
	const good = `{"account":"111122223333","region":"us-east-1","name":"a","project":"p","stack":"s","urn":"urn:pulumi:s::p::t::n"}`
	for text, want := range map[string]string{
		head + `]}`:                             "",
		"\ufeff" + head + good + `]}`:           "",
		head + good + `],"more":{"a":[1,"]"]}}`: "",
		strings.Replace(head, `1,`, `1,"future":{"a":[1]},`, 1) + `]}`: "",
		`{"schemaVersion":2,"tables":[{"name":1}]}`:                    "not a table index: schemaVersion 2 is newer than 1, the newest this version of dynamoguard reads; update it",
		``:                            "not a table index: it ends after 0 bytes, in the middle",
		`<html>`:                      "not a table index: byte 0 is '<', not the start of an object",
		`{}`:                          "not a table index: schemaVersion is missing",
		`{"schemaVersion":1}`:         "not a table index: generatedAt is missing",
		`{"schemaVersion":"1"}`:       "not a table index: schemaVersion is not a whole number",
		`{"generatedAt":"yesterday"}`: `not a table index: generatedAt "yesterday" is not a time such as 2027-01-31T12:00:00Z`,
		head[:len(head)-11] + `}`:     "not a table index: tables is missing",
		head + `{"name":1}]}`:         "not a table index: tables[0].name is not a string",
		head + good + `,[]]}`:         "not a table index: tables[1] is not an object",
		head + good + `]`:             fmt.Sprintf("not a table index: it ends after %d bytes, in the middle", len(head+good)+1),
		head + good + `,]}`:           fmt.Sprintf("not a table index: byte %d is ']', not an element", len(head+good)+1),
		head + good + `]}{}`:          fmt.Sprintf("not a table index: byte %d is '{', not the end", len(head+good)+2),
		`{"read":["acme/shop/dev"]}`:  "not a table index: read is not a list of backends with their stacks",
	} {
		_, err := tables.Decode([]byte(text))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
	for i := range len(encoded) - 2 {
		if _, err := tables.Decode([]byte(encoded[:i])); err == nil {
			t.Errorf("no error for an index of %d bytes of %d", i, len(encoded))
		}
	}
}

// TestDecodeBomb: a list may have no more elements than there is memory for.
func TestDecodeBomb(t *testing.T) {
	for text, want := range map[string]string{
		`{"unread":[` + strings.Repeat(`"",`, 2_000_000) + `""]}`:            "not a table index: unread has more than 2000000 elements",
		`{"read":[{"stacks":[` + strings.Repeat(`"",`, 2_000_000) + `""]}]}`: "not a table index: read has more than 2000000 values",
	} {
		if x, err := tables.Decode([]byte(text)); x != nil || err == nil || err.Error() != want {
			t.Errorf("%s...: %v", text[:20], err)
		}
	}
}

// TestDecodeLeavesOut: a table that cannot be one is left out, and its stack is one that was not read.
func TestDecodeLeavesOut(t *testing.T) {
	const text = `{"schemaVersion":1,"generatedAt":"2026-11-22T12:00:00Z","unread":["acme/a/b"],"tables":[
{"partition":"aws","account":"1","region":"us-east-1","name":"a","organization":"acme","project":"shop","stack":"one","urn":"urn:pulumi:one::shop::t::a"},
{"partition":"aws","account":"111122223333","region":"x","name":"b","organization":"acme","project":"shop","stack":"two","urn":"urn:pulumi:two::shop::t::b"},
{"partition":"aws","account":"000000000000","region":"us-east-1","name":"carts","organization":"acme","project":"shop","stack":"dev","urn":"urn:pulumi:dev::shop::aws:dynamodb/table:Table::carts"},
{"partition":"aws","account":"","region":"","name":"","organization":"acme","project":"shop","stack":"two","urn":"urn:pulumi:two::shop::t::c"},
{"partition":"aws","account":"","region":"","name":"d","organization":"acme","project":"shop","stack":"dev","urn":"d"}
]}`
	carts := of("shop/dev - us-east-1 carts")
	want := tables.New(at, []tables.Entry{carts}, []string{"acme/a/b", "acme/shop/dev", "acme/shop/one", "acme/shop/two"}, 0)
	want.Wrong = []string{
		`tables[0]: account "1" is not 12 digits`, `tables[1]: region "x" is not a region such as us-east-1`,
		"tables[3]: name is missing", `tables[4]: urn "d" is not a URN`,
	}
	got, err := tables.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestMergeBackends: two backends may each have a stack of the same name, and a stack that was read has no more tables
// than it was read to have.
func TestMergeBackends(t *testing.T) {
	x := func(age time.Duration, backend string, read, unread []string, lines ...string) *tables.Index {
		x := index(lines...)
		x.GeneratedAt = at.Add(-age)
		x.Unread = unread
		if backend != "" {
			x.Read = []tables.Reading{{Backend: backend, Stacks: read}}
		}
		return x
	}
	const prod = "acme/infra/prod"
	for _, c := range []struct {
		name         string
		indexes      []*tables.Index
		want, unread []string
	}{
		{"two backends", []*tables.Index{x(1, "a", []string{prod}, nil, "infra/prod - - payments"), x(0, "b", []string{prod}, nil, "infra/prod - - orders")},
			[]string{"b orders", "a payments"}, nil},
		{"destroyed since", []*tables.Index{x(1, "a", []string{prod}, nil, "infra/prod - - payments"), x(0, "a", []string{prod}, nil)},
			nil, nil},
		{"read since", []*tables.Index{x(1, "a", nil, []string{prod}), x(0, "a", []string{prod}, nil, "infra/prod - - orders")},
			[]string{" orders"}, nil},
		{"read in another backend", []*tables.Index{x(1, "a", nil, []string{prod}), x(0, "b", []string{prod}, nil, "infra/prod - - orders")},
			[]string{"b orders"}, []string{prod}},
		{"not read since", []*tables.Index{x(1, "a", []string{prod}, nil, "infra/prod - - orders"), x(0, "a", nil, []string{prod})},
			[]string{" orders"}, []string{prod}},
		{"two that do not say", []*tables.Index{x(1, "", nil, nil, "infra/prod - - payments"), x(0, "", nil, nil, "infra/prod - - orders")},
			[]string{" orders"}, nil},
		{"an older that does not say", []*tables.Index{x(1, "", nil, nil, "infra/prod - - payments"), x(0, "a", []string{prod}, nil)},
			nil, nil},
		{"a newer that does not say", []*tables.Index{x(1, "a", []string{prod}, nil, "infra/prod - - payments"), x(0, "", nil, nil, "infra/prod - - orders")},
			[]string{" orders"}, nil},
		{"beside one that does not say, which is of no backend that is known", []*tables.Index{
			x(1, "a", []string{prod}, nil, "infra/prod - - payments"), x(0, "", nil, nil, "shop/prod - - orders"),
		}, []string{" orders", "a payments"}, nil},
		{"a project that could be listed since", []*tables.Index{
			x(1, "a", nil, []string{"acme/infra/*"}), x(0, "a", []string{prod}, nil, "infra/prod - - orders"),
		}, []string{" orders"}, nil},
		{"a project that could not be listed since either", []*tables.Index{
			x(1, "a", nil, []string{"acme/infra/*"}), x(0, "a", nil, []string{"acme/infra/*"}),
		}, nil, []string{"acme/infra/*"}},
		{"a project of another backend", []*tables.Index{
			x(1, "a", nil, []string{"acme/infra/*"}), x(0, "b", []string{prod}, nil, "infra/prod - - orders"),
		}, []string{"b orders"}, []string{"acme/infra/*"}},
		{"merged before", []*tables.Index{
			tables.Merge(x(2, "a", []string{prod}, nil, "infra/prod - - payments"), x(1, "b", []string{prod}, nil, "infra/prod - - orders")),
			x(0, "a", []string{prod}, nil, "infra/prod - - ledger"),
		}, []string{"a ledger", "b orders"}, nil},
	} {
		merged := tables.Merge(c.indexes...)
		again, err := tables.Decode(merged.Encode())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range again.Tables {
			got = append(got, e.Backend+" "+e.Name)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.unread, again.Unread); diff != "" {
			t.Errorf("%s, unread (-want +got):\n%s", c.name, diff)
		}
	}
	// A backend that is not known is none of the others.
	unsaid := tables.Merge(x(1, "a", []string{prod}, nil), x(0, "", nil, nil, "shop/prod - - orders"))
	if diff := cmp.Diff([]tables.Reading{{Stacks: []string{"acme/shop/prod"}}, {Backend: "a", Stacks: []string{prod}}}, unsaid.Read); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	// What an index hides counts as long as something that it read is not read anew.
	hides := x(1, "a", []string{prod}, nil)
	hides.Secret = 1
	for backend, want := range map[string]int{"a": 0, "b": 1} {
		if got := tables.Merge(hides, x(0, backend, []string{prod}, nil)).Secret; got != want {
			t.Errorf("read anew in %s: %d secret, not %d", backend, got, want)
		}
	}
}

func TestMerge(t *testing.T) {
	older := tables.New(at, []tables.Entry{of("shop/dev - - old"), of("shop/prod - - orders")}, []string{"acme/a/b"}, 1)
	newer := tables.New(at.Add(time.Hour), []tables.Entry{of("shop/dev - - new")}, []string{"acme/a/c"}, 2)
	want := tables.New(at, []tables.Entry{of("shop/dev - - new"), of("shop/prod - - orders")}, []string{"acme/a/b", "acme/a/c"}, 3)
	for _, order := range [][]*tables.Index{{older, newer}, {newer, older}, {newer, older, newer}} {
		got := tables.Merge(order...)
		if len(order) == 3 {
			got.Secret = 3 // one index given twice hides its tables twice
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCollisions(t *testing.T) {
	x := index(
		"shop/dev 111122223333 us-east-1 orders", "shop/prod 111122223333 us-east-1 orders",
		"shop/staging - us-east-1 orders", "bank/prod 444455556666 us-east-1 orders", "bank/prod 111122223333 eu-west-1 orders",
		"shop/prod 111122223333 us-east-1 carts", "data/dev 111122223333 - items",
	)
	const dev = "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders"
	claim := func(account, region, name string) tables.Claim {
		return tables.Claim{Identity: tables.Identity{Account: tables.Part{Known: account}, Region: tables.Part{Known: region}, Name: name}}
	}
	for _, c := range []struct {
		name  string
		claim tables.Claim
		owner tables.Owner
		want  []string
	}{
		{"same", claim("111122223333", "us-east-1", "orders"), tables.Owner{Organization: "acme", Project: "shop", Stack: "dev"},
			[]string{"same shop/prod", "possible shop/staging"}},
		{"another organization is another stack", claim("444455556666", "us-east-1", "orders"), tables.Owner{Organization: "evil", Project: "bank", Stack: "prod"},
			[]string{"same bank/prod", "possible shop/staging"}},
		{"an organization that is not known", claim("444455556666", "us-east-1", "orders"), tables.Owner{Project: "bank", Stack: "prod"},
			[]string{"possible shop/staging"}},
		{"the URN of another organization", claim("111122223333", "us-east-1", "carts"), tables.Owner{Organization: "evil", Project: "shop", Stack: "prod", URNs: []string{"urn:pulumi:prod::shop::aws:dynamodb/table:Table::carts"}},
			[]string{"same shop/prod"}},
		{"the same URN", claim("111122223333", "us-east-1", "orders"), tables.Owner{Organization: "acme", Project: "new", Stack: "dev", URNs: []string{dev}},
			[]string{"same shop/prod", "possible shop/staging"}},
		{"an alias", claim("111122223333", "us-east-1", "orders"), tables.Owner{Organization: "acme", Project: "new", Stack: "dev", URNs: []string{"urn:pulumi:dev::new::aws:dynamodb/table:Table::orders", dev}},
			[]string{"same shop/prod", "possible shop/staging", "possible aliased shop/dev"}},
		{"account not known", claim("", "eu-west-1", "orders"), tables.Owner{Organization: "acme", Project: "shop", Stack: "dev"},
			[]string{"possible bank/prod"}},
		{"region of the other not known", claim("111122223333", "eu-west-1", "items"), tables.Owner{Organization: "acme", Project: "shop", Stack: "dev"},
			[]string{"possible data/dev"}},
		{"another account", claim("999999999999", "us-east-1", "carts"), tables.Owner{Organization: "acme", Project: "shop", Stack: "dev"}, nil},
		{"another case", claim("111122223333", "us-east-1", "Carts"), tables.Owner{Organization: "acme", Project: "shop", Stack: "dev"}, nil},
	} {
		var got []string
		for _, k := range tables.Collisions(c.claim.Identity, x.Named(c.claim.Identity.Name), c.owner) {
			match := map[tables.Match]string{tables.Same: "same ", tables.Possible: "possible "}[k.Match]
			if k.Aliased {
				match += "aliased "
			}
			got = append(got, match+k.Entry.Owner())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// index100k is the text of an index of 100,000 tables.
func index100k() []byte {
	list := make([]tables.Entry, 100_000)
	for i := range list {
		list[i] = of(fmt.Sprintf("project-%d/stack-%d %012d us-east-1 orders-%d", i%997, i%7, i%50, i))
	}
	return tables.New(at, list, nil, 0).Encode()
}

func BenchmarkIndex100k(b *testing.B) {
	data := index100k()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		x, err := tables.Decode(data)
		if err != nil {
			b.Fatal(err)
		}
		for i := range 1000 {
			if name := fmt.Sprintf("orders-%d", i*97); len(x.Named(name)) != 1 {
				b.Fatal(name)
			}
		}
	}
}

// TestNear: what is left out is what Match finds to be elsewhere, and what may be there is left in.
func TestNear(t *testing.T) {
	var named []tables.Entry
	for _, account := range []string{"", "111122223333", "444455556666"} {
		for _, region := range []string{"", "us-east-1", "eu-west-1"} {
			named = append(named, tables.Entry{Name: "orders", Account: account, Region: region})
		}
	}
	known := tables.Identity{Account: tables.Part{Known: "111122223333"}, Region: tables.Part{Known: "us-east-1"}, Name: "orders"}
	contradicted := known
	contradicted.Account.Configured = "444455556666"
	for _, c := range []struct {
		name     string
		identity tables.Identity
		want     string
	}{
		{"both known", known, "/ /us-east-1 111122223333/ 111122223333/us-east-1"},
		{"the account alone", tables.Identity{Account: known.Account, Name: "orders"},
			"/ /us-east-1 /eu-west-1 111122223333/ 111122223333/us-east-1 111122223333/eu-west-1"},
		{"nothing known", tables.Identity{Name: "orders"}, "/ /us-east-1 /eu-west-1 111122223333/ 111122223333/us-east-1 " +
			"111122223333/eu-west-1 444455556666/ 444455556666/us-east-1 444455556666/eu-west-1"},
		{"configured elsewhere", contradicted, "/ /us-east-1 111122223333/ 111122223333/us-east-1 444455556666/ 444455556666/us-east-1"},
	} {
		var got []string
		for _, e := range c.identity.Near(named) {
			got = append(got, e.Account+"/"+e.Region)
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
