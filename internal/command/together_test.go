package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dynamoguard/internal/tables"
)

// TestCheckBeside: states that are judged together are compared with each other, and with what each would be compared with alone, here
// the backend of the folder. What that tells of their own stacks is of before.
func TestCheckBeside(t *testing.T) {
	p := aProgram(t, map[string]string{
		"shop.json": stateOf("shop", "prod", "orders", good), "bank.json": stateOf("bank", "prod", "accounts", good),
		"none.json":                        `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:prod::none::pulumi:pulumi:Stack::none-prod","type":"pulumi:pulumi:Stack"}]}}`,
		".pulumi/meta.yaml":                "version: 1",
		".pulumi/stacks/bank/prod.json":    stateOf("bank", "prod", "orders", good), // it was renamed since
		".pulumi/stacks/none/prod.json":    stateOf("none", "prod", "orders", good), // it was removed since
		".pulumi/stacks/library/prod.json": stateOf("library", "prod", "accounts", good),
		"config.json":                      `{"dynamoguard":{"index":{"source":"none"}}}`,
	})
	p.system.Getenv = func(name string) string {
		return map[string]string{"PULUMI_BACKEND_URL": "file://" + p.system.Folder}[name]
	}
	taken := func(args ...string) (list []string) {
		for _, line := range strings.Split(p.check(t, "", args...).stdout, "\n") {
			if _, by, ok := strings.Cut(line, " is taken in account 111122223333 (by the stack's own state) and region eu-west-1 by "); ok {
				by, _, _ = strings.Cut(by, ",")
				list = append(list, strings.TrimSpace(strings.Split(line, " is taken")[0])+" by "+by)
			}
		}
		return list
	}
	for _, c := range []struct {
		args string
		want []string
	}{
		{"shop.json bank.json none.json", []string{`name: the table name "accounts" by stack library/prod`}},
		{"shop.json bank.json none.json --config config.json", nil},
		{"shop.json none.json", []string{`name: the table name "orders" by stack bank/prod`}},
	} {
		if got := taken(strings.Fields(c.args)...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.args, got)
		}
	}
}

// TestTogether: what is asked by a pattern, and by a name, has the tables of the states in place of those that are told of their stacks.
func TestTogether(t *testing.T) {
	of := func(stack, name string) tables.Entry { return tables.Entry{Project: "shop", Stack: stack, Name: name} }
	beside := newTogether([]tables.Entry{of("dev", "old"), of("qa", "orders"), of("qa", "old")}, nil, nil)
	both := newTogether([]tables.Entry{of("dev", "orders")}, []tables.Entry{of("gone", "")}, beside)
	told := func(list []tables.Entry) string {
		var all []string
		for _, e := range list {
			all = append(all, e.Owner()+" "+e.Name)
		}
		return strings.Join(all, ", ")
	}
	all := func(tables.Entry) bool { return true }
	for _, c := range [][2]string{
		{told(both.Named("orders")), "shop/dev orders, shop/qa orders"},
		{told(both.Named("old")), "shop/qa old"},
		{told(both.Own("shop", "dev")), "shop/dev orders"},
		{told(slices.Collect(both.Matching("o*", all))), "shop/dev orders, shop/qa old, shop/qa orders"},
		{told(slices.Collect(both.Matching("o*", func(e tables.Entry) bool { return e.Stack != "qa" }))), "shop/dev orders"},
		{fmt.Sprint(both.Complete(), beside.Complete(), both.Unread()), "false false []"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s, not %s", c[0], c[1])
		}
	}
	for range both.Matching("*", all) {
		break // nothing goes on
	}
}
