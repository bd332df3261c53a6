package resource

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSteps(t *testing.T) {
	key := func(k string) Step { return Step{Key: k} }
	element := func(i int) Step { return Step{Index: i, Element: true} }
	for path, want := range map[Path][]Step{
		"":                           nil,
		"name":                       {key("name")},
		"replicas[10].kmsKeyArn":     {key("replicas"), element(10), key("kmsKeyArn")},
		`tags["app.k8s.io/\"x\""]`:   {key("tags"), key(`app.k8s.io/"x"`)},
		`["a.b"].c`:                  {key("a.b"), key("c")},
		"[0][1]":                     {element(0), element(1)},
		Path("tags").Member(""):      {key("tags"), key("")},
		Path("tags").Member("\xff["): {key("tags"), key("\xff[")},
	} {
		if got, err := path.Steps(); err != nil || !cmp.Equal(want, got) {
			t.Errorf("%s: got %v, %v", path, got, err)
		}
	}
	for path, want := range map[Path]string{
		".":        `"." is no path: it cannot go on by "."`,
		"a.":       `"a." is no path: it cannot go on by "."`,
		"a..b":     `"a..b" is no path: it cannot go on by "..b"`,
		"a[":       `"a[" is no path: it cannot go on by "["`,
		"a[1":      `"a[1" is no path: it cannot go on by "[1"`,
		"a[-1]":    `"a[-1]" is no path: it cannot go on by "[-1]"`,
		"a[01]":    `"a[01]" is no path: it cannot go on by "[01]"`,
		"a[]":      `"a[]" is no path: it cannot go on by "[]"`,
		`a["b]`:    `"a[\"b]" is no path: it cannot go on by "[\"b]"`,
		"a[0]b":    `"a[0]b" is no path: it cannot go on by "b"`,
		"a[`b`]":   "\"a[`b`]\" is no path: it cannot go on by \"[`b`]\"",
		`a]`:       `"a]" is no path: it cannot go on by "]"`,
		`a["b"].`:  `"a[\"b\"]." is no path: it cannot go on by "."`,
		`a["b"]"`:  `"a[\"b\"]\"" is no path: it cannot go on by "\""`,
		`"quoted"`: `"\"quoted\"" is no path: it cannot go on by "\"quoted\""`,
	} {
		if steps, err := path.Steps(); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, %v", path, steps, err)
		}
	}
}

// FuzzMember: what is written as a member of a path leads there.
func FuzzMember(f *testing.F) {
	for _, key := range []string{"a", "", "a.b", `a"]`, "a\\", "\x00[", "é"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		steps, err := Path("tags").Member(key).Steps()
		if want := []Step{{Key: "tags"}, {Key: key}}; err != nil || !cmp.Equal(want, steps) {
			t.Errorf("got %v, %v", steps, err)
		}
	})
}

// TestSet: the cases are those of the wire, in package plugin; these are of what that cannot have.
func TestSet(t *testing.T) {
	v := ObjectValue(map[string]Value{"s": ObjectValue(map[string]Value{"a": BoolValue(false)}).AsSecret(), "t": BoolValue(false).AsSecret()})
	for _, path := range []Path{"s.a", "s.b", "t"} {
		after, err := v.Set(path, BoolValue(true))
		if err != nil {
			t.Fatal(err)
		}
		steps, _ := path.Steps()
		for _, step := range steps {
			after = after.Get(step.Key)
		}
		if on, _ := after.Bool(); !on || !after.Secret() {
			t.Errorf("%s is %v, secret %v", path, on, after.Secret())
		}
	}
	const want = `{s: [secret], t: [secret]}`
	if v.String() != want || v.Get("s").Get("b").Kind() != Absent {
		t.Errorf("what was given is changed: %v", v)
	}
}

func TestWithoutInternal(t *testing.T) {
	v, _ := DecodeJSON(`{"__defaults":["name"],"name":"orders","tags":{"__defaults":[],"_a":"x"},"list":[{"__internal":1,"b":2}]}`)
	const want = `{list: [{b: 2}], name: "orders", tags: {_a: "x"}}`
	if got := v.WithoutInternal().String(); got != want {
		t.Errorf("got %s", got)
	}
}
