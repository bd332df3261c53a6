package command

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/report"
	"dynamoguard/internal/resource"
)

// TestReadExceptions refuses what the engine refuses.
func TestReadExceptions(t *testing.T) {
	const urn = "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders"
	matching := func(match string) string { return `{"EXC-1": {"reason": "moves", "match": ` + match + `}}` }
	for _, c := range []struct{ given, want string }{
		{`null`, ""},
		{`{}`, ""},
		{matching(`[{"policies": ["table-encryption"], "targets": ["` + urn + `"]}]`), ""},
		{`[]`, "exceptions is not an object of exceptions by their IDs"},
		{`{"EXC-1": []}`, "exceptions.EXC-1: is not an object"},
		{`{"": {"reason": "moves", "match": []}}`, "exceptions.: the ID has other characters than letters, digits, -, . and _"},
		{`{"EXC 1": {"reason": "moves", "match": []}}`, "exceptions.EXC 1: the ID has other characters than letters, digits, -, . and _"},
		{`{"EXC-1": {"reason": " ", "match": []}}`, "exceptions.EXC-1: reason is missing"},
		{`{"EXC-1": {"reason": 1}}`, "exceptions.EXC-1: reason has the wrong type: number"},
		{matching(`{}`), "exceptions.EXC-1: match has the wrong type: object"},
		{matching(`[]`), "exceptions.EXC-1: match has no policies and targets"},
		{matching(`[{"targets": ["` + urn + `"]}]`), "exceptions.EXC-1: match[0].policies is empty"},
		{matching(`[{"policies": [""], "targets": ["` + urn + `"]}]`), "exceptions.EXC-1: match[0].policies has an empty name"},
		{matching(`[{"policies": ["all"], "targets": ["` + urn + `"]}]`),
			"exceptions.EXC-1: match[0].policies names all, which Pulumi refuses: name each policy"},
		{matching(`[{"policies": ["table-encryption"]}]`), "exceptions.EXC-1: match[0].targets is empty"},
		{matching(`[{"policies": ["table-encryption"], "targets": ["orders"]}]`),
			`exceptions.EXC-1: match[0].targets has "orders", which is no URN`},
		{`{"EXC-10": {}, "EXC-2": {}}`, "exceptions.EXC-2: reason is missing\nexceptions.EXC-10: reason is missing"},
	} {
		var given any
		if err := json.Unmarshal([]byte(c.given), &given); err != nil {
			t.Fatal(err)
		}
		_, err := readExceptions(given)
		if got := strings.TrimPrefix(fmt.Sprint(err), "<nil>"); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.given, got, c.want)
		}
	}
}

// TestExceptions: they hold for their policies at their targets, the lowest ID first, and for nothing else.
func TestExceptions(t *testing.T) {
	const orders, carts = "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders", "urn:pulumi:dev::shop::aws:dynamodb/table:Table::carts"
	entry := func(targets string) string {
		return `{"reason": "moves", "match": [{"policies": ["table-encryption"], "targets": [` + targets + `]}, {"policies": ["table-stream"], "targets": ["` + carts + `"]}]}`
	}
	var given any
	if err := json.Unmarshal([]byte(`{"EXC-10": `+entry(`"`+orders+`"`)+`, "EXC-9": `+entry(`"`+carts+`","`+orders+`"`)+`, "EXC-09": `+entry(`"`+carts+`"`)+`}`), &given); err != nil {
		t.Fatal(err)
	}
	list, err := readExceptions(given)
	if err != nil {
		t.Fatal(err)
	}
	of := func(ids ...string) (want []report.Exception) {
		for _, id := range ids {
			want = append(want, report.Exception{ID: id, Reason: "moves"})
		}
		return want
	}
	for _, c := range []struct {
		policy string
		at     resource.URN
		want   []report.Exception
	}{
		{"table-encryption", orders, of("EXC-9", "EXC-10")},
		{"table-encryption", carts, of("EXC-09", "EXC-9")},
		{"table-stream", carts, of("EXC-09", "EXC-9", "EXC-10")},
		{"table-stream", orders, nil},
		{"table-capacity", orders, nil},
	} {
		if diff := cmp.Diff(c.want, list.of(c.policy, c.at)); diff != "" {
			t.Errorf("%s at %s (-want +got):\n%s", c.policy, c.at, diff)
		}
	}
	if diff := cmp.Diff([]string{"table-encryption", "table-stream"}, list.policies()); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
}
