package policy

import "testing"

// TestEnvironmentOnce: the environment of a stack is worked out once, however often it is asked for.
func TestEnvironmentOnce(t *testing.T) {
	c, err := Configure(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	anew := testing.AllocsPerRun(100, func() { c.Pack().EnvironmentOf("acme", "shop", "prod-eu-1") })
	again := testing.AllocsPerRun(100, func() {
		if e := c.EnvironmentOf("acme", "shop", "prod-eu-1"); e != "prod" {
			t.Fatal(e)
		}
	})
	if again > 1 || anew <= again {
		t.Errorf("%v allocations, anew %v", again, anew)
	}
}
