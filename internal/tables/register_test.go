package tables_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/tables"
)

// TestRegister: claims in the order in which resources are judged, some of them again.
func TestRegister(t *testing.T) {
	claim := func(name, account, region string) tables.Claim {
		return tables.Claim{Path: "name", Identity: tables.Identity{
			Name: name, Account: tables.Part{Known: account}, Region: tables.Part{Known: region},
		}}
	}
	orders := claim("orders", "111122223333", "us-east-1")
	var register tables.Register
	for _, step := range []struct {
		what   string
		urn    string
		claims []tables.Claim
		want   []string
	}{
		{"the first owner", "a", []tables.Claim{orders}, nil},
		{"the same, judged again, is no second owner", "a", []tables.Claim{orders}, nil},
		{"a second owner", "b", []tables.Claim{orders}, []string{"orders in us-east-1 of a, certain"}},
		{"another region", "c", []tables.Claim{claim("orders", "111122223333", "eu-west-1")}, nil},
		{"another account", "d", []tables.Claim{claim("orders", "444455556666", "us-east-1")}, nil},
		{"nothing says which region: one collision, with the first of three", "e", []tables.Claim{claim("orders", "111122223333", "")},
			[]string{"orders in us-east-1 of a"}},
		{"one collision of each claim, a certain one before a possible one", "f",
			[]tables.Claim{claim("orders", "111122223333", "eu-west-1"), orders},
			[]string{"orders in eu-west-1 of c, certain", "orders in us-east-1 of a, certain"}},
		{"the first owner takes another name, in place of the one before", "a", []tables.Claim{claim("invoices", "111122223333", "us-east-1")}, nil},
		{"so the second is the first", "b", []tables.Claim{orders}, nil},
		{"and a later one collides with it", "g", []tables.Claim{orders}, []string{"orders in us-east-1 of b, certain"}},
		{"judged again, the first keeps its turn", "a", []tables.Claim{orders}, nil},
		{"so that the second collides with it again", "b", []tables.Claim{orders}, []string{"orders in us-east-1 of a, certain"}},
	} {
		var got []string
		for _, c := range register.Claim(step.urn, step.claims) {
			s := fmt.Sprintf("%s in %s of %s", c.Claim.Identity.Name, c.Earlier.Identity.Region.Known, c.EarlierURN)
			if c.Match == tables.Same {
				s += ", certain"
			}
			got = append(got, s)
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.what, diff)
		}
	}
}
