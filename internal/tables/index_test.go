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
		head + `{"name":"a","account":"1","region":"x","project":"p","stack":"s","urn":"u"}]}`: "the index, in the order of its names, is wrong:\n" +
			"tables[0]: account \"1\" is not 12 digits\ntables[0]: region \"x\" is not a region such as us-east-1\ntables[0]: urn \"u\" is not a URN",
		head + `{"name":"","project":"p","stack":"s","urn":"urn:pulumi:s"}]}`: "the index, in the order of its names, is wrong:\ntables[0]: name is missing",
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
		{"aliases", claim("111122223333", "us-east-1", "orders"), tables.Owner{Organization: "acme", Project: "new", Stack: "dev", URNs: []string{dev}},
			[]string{"same shop/prod", "possible shop/staging"}},
		{"account not known", claim("", "eu-west-1", "orders"), tables.Owner{Organization: "acme", Project: "shop", Stack: "dev"},
			[]string{"possible bank/prod"}},
		{"region of the other not known", claim("111122223333", "eu-west-1", "items"), tables.Owner{Organization: "acme", Project: "shop", Stack: "dev"},
			[]string{"possible data/dev"}},
		{"another account", claim("999999999999", "us-east-1", "carts"), tables.Owner{Organization: "acme", Project: "shop", Stack: "dev"}, nil},
		{"another case", claim("111122223333", "us-east-1", "Carts"), tables.Owner{Organization: "acme", Project: "shop", Stack: "dev"}, nil},
	} {
		var got []string
		for _, k := range tables.Collisions(c.claim.Identity, x.Named(c.claim.Identity.Name), c.owner) {
			got = append(got, map[tables.Match]string{tables.Same: "same ", tables.Possible: "possible "}[k.Match]+k.Entry.Owner())
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
