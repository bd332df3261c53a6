package facts_test

import (
	"testing"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
)

func TestTagged(t *testing.T) {
	s := resource.StringValue
	unknown := resource.UnknownValue()
	list := resource.ArrayValue([]resource.Value{
		resource.ObjectValue(map[string]resource.Value{"key": unknown, "value": s("cache")}),
		resource.ObjectValue(map[string]resource.Value{"key": s("purpose"), "value": s("cache=1")}),
		resource.ObjectValue(map[string]resource.Value{"key": s("later"), "value": unknown}),
	})
	object := resource.ObjectValue(map[string]resource.Value{"purpose": s("cache=1"), "later": unknown})
	for _, tags := range []resource.Value{list, object} {
		r := &resource.Resource{Properties: resource.ObjectValue(map[string]resource.Value{"tags": tags})}
		for pattern, want := range map[string]bool{
			"purpose": true, "pur*": true, "*": true, "purpose=cache=1": true, "purpose=cache*": true, "later": true,
			"Purpose": false, "purpose=cache": false, "purpose=": false, "later=*": false, "key": false, "value": false,
		} {
			if got := facts.Tagged(r, pattern); got != want {
				t.Errorf("%v has %q: %v", tags, pattern, got)
			}
		}
	}
	for _, tags := range []resource.Value{unknown, resource.NullValue(), s("purpose")} {
		r := &resource.Resource{Properties: resource.ObjectValue(map[string]resource.Value{"tags": tags})}
		if facts.Tagged(r, "*") {
			t.Errorf("%v has a tag", tags)
		}
	}

	// A global table of aws-native has what all its copies have.
	none := resource.ArrayValue(nil)
	for _, c := range []struct {
		copies []resource.Value // their tags
		want   bool
	}{
		{[]resource.Value{list, list}, true}, {[]resource.Value{list, none}, false}, {[]resource.Value{list, unknown}, false}, {nil, false},
	} {
		var copies []resource.Value
		for _, tags := range c.copies {
			copies = append(copies, resource.ObjectValue(map[string]resource.Value{"tags": tags}))
		}
		r := res(facts.NativeGlobal, "orders", "replicas", copies, "tags", list)
		if got := facts.Tagged(r, "purpose"); got != c.want {
			t.Errorf("copies with %v: %v", c.copies, got)
		}
	}
}
