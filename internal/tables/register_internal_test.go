package tables

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A plainRegister is a Register that compares every claim with every other one.
type plainRegister struct {
	order  map[string]int
	claims map[string][]Claim
}

func (r *plainRegister) claim(urn string, claims []Claim) (collisions []Collision) {
	if _, seen := r.order[urn]; !seen {
		r.order[urn] = len(r.order)
	}
	r.claims[urn] = claims
	for _, c := range claims {
		worst := Collision{Claim: c}
		for other, theirs := range r.claims {
			if r.order[other] >= r.order[urn] {
				continue
			}
			for _, earlier := range theirs {
				m := c.Identity.Match(earlier.Identity)
				if m > worst.Match || m == worst.Match && m != Different && r.order[other] < r.order[worst.EarlierURN] {
					worst.Earlier, worst.EarlierURN, worst.Match = earlier, other, m
				}
			}
		}
		if worst.Match != Different {
			collisions = append(collisions, worst)
		}
	}
	return collisions
}

// TestRegisterAgainstPlain holds the register against one that compares all, on stacks whose resources are judged again, with
// other claims too.
func TestRegisterAgainstPlain(t *testing.T) {
	found := map[Match]int{}
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, seed))
		part := func(values ...string) (p Part) {
			if random.IntN(3) > 0 {
				p.Known = values[random.IntN(len(values))]
			} else if random.IntN(2) == 0 {
				p.Among = values[:random.IntN(len(values)+1)]
			}
			if random.IntN(3) == 0 {
				p.Like = []string{"one", "two"}[random.IntN(2)]
			}
			return p
		}
		var register Register
		plain := plainRegister{map[string]int{}, map[string][]Claim{}}
		for step := range 40 {
			urn := fmt.Sprint(random.IntN(12))
			claims := make([]Claim, random.IntN(4))
			for i := range claims {
				claims[i] = Claim{Path: fmt.Sprint(step, i), Identity: Identity{
					Name:    []string{"orders", "carts"}[random.IntN(2)],
					Account: part("111122223333", "444455556666"), Region: part("us-east-1", "eu-west-1", "eu-north-1"),
				}}
			}
			want := plain.claim(urn, claims)
			for _, c := range want {
				found[c.Match]++
			}
			for range 2 { // judged again, it comes to the same
				if got := register.Claim(urn, claims); !reflect.DeepEqual(want, got) {
					t.Fatalf("seed %d, step %d (-want +got):\n%s", seed, step, cmp.Diff(want, got))
				}
			}
		}
		for urn := range plain.order {
			register.Claim(urn, nil)
		}
		if len(register.names)+len(register.groups) > 0 {
			t.Fatalf("seed %d: claims that nobody has any more are kept", seed)
		}
	}
	if found[Same] < 1000 || found[Possible] < 1000 {
		t.Errorf("only %v were found", found)
	}
}

// TestRegisterIsLinear: of many tables of one name, each is compared with a bounded number of others, and finds the one it
// collides with nevertheless.
func TestRegisterIsLinear(t *testing.T) {
	const n = 1000
	place := func(i int) (account, region Part) {
		return Part{Known: fmt.Sprintf("%012d", i)}, Part{Known: "us-east-1"}
	}
	for _, c := range []struct {
		name   string
		of     func(i int) (account, region Part)
		groups int // that a claim may be compared with
		found  int
	}{
		{"one place", func(int) (account, region Part) { return place(1) }, 1, n - 1},
		{"nowhere", func(int) (account, region Part) { return Part{}, Part{} }, 1, n - 1},
		{"a place of its own", place, most, 0},
		{"a place for two", func(i int) (account, region Part) { return place(i / 2) }, most + 1, n / 2},
		{"one place by providers of their own", func(i int) (account, region Part) {
			account, region = place(1)
			account.Like = fmt.Sprint(i)
			return account, region
		}, 2 * most, n - 1},
		{"an unknown place of its own", func(i int) (account, region Part) {
			return Part{Like: fmt.Sprint(i)}, Part{Like: fmt.Sprint(i)}
		}, most, n - 1},
	} {
		var r Register
		found := 0
		for i := range n {
			account, region := c.of(i)
			claim := Claim{Identity: Identity{Account: account, Region: region, Name: "orders"}, Path: "name"}
			found += len(r.Claim(fmt.Sprint(i), []Claim{claim}))
		}
		if found != c.found {
			t.Errorf("%s: %d collisions, want %d", c.name, found, c.found)
		}
		if r.compared > n*c.groups {
			t.Errorf("%s: %d comparisons, want at most %d for each of %d claims", c.name, r.compared, c.groups, n)
		}
	}
}

// TestSet: of many tables of one place, one is compared.
func TestSet(t *testing.T) {
	var s Set
	const n = 1000
	for i := range n {
		s.Add(Identity{Name: "orders", Account: Part{Known: "111122223333", From: fmt.Sprint(i)}})
		s.Add(Identity{Name: fmt.Sprint(i), Region: Part{Known: "us-east-1"}})
	}
	for name, want := range map[string]bool{"orders": true, "7": true, "carts": false} {
		for region, here := range map[string]bool{"us-east-1": true, "eu-west-1": name == "orders"} {
			if got := s.May(Identity{Name: name, Region: Part{Known: region}}); got != (want && here) {
				t.Errorf("%s in %s: %v", name, region, got)
			}
		}
	}
	if s.compared != 4 {
		t.Errorf("%d comparisons, want one for each of two names and two regions", s.compared)
	}
}
