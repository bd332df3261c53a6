package iam

import (
	"strings"
	"testing"

	"dynamoguard/internal/glob"
)

func TestIncludesAndMeets(t *testing.T) {
	tests := []struct {
		pattern, text   string
		includes, meets bool
	}{
		{"", "", true, true},
		{"a", "a", true, true},
		{"a", "b", false, false},
		{"a*", "a", true, true},
		{"*", "\xfb", true, true},
		{"?", "\xfb", false, true},
		{"?*", "\xfb", false, true}, // any text may be empty
		{"a", "\xfb", false, true},
		{"", "\xfb", false, true},
		{"a?", "a\xfc", true, true},
		{"a*", "a\xfc", true, true},
		{"ab", "a\xfc", false, true},
		{"a", "a\xfc", false, false},
		{"table/*", "table/\xfd", true, true},
		{"table/???*", "table/\xfd", true, true},
		{"table/*???", "table/\xfd", true, true},
		{"table/????*", "table/\xfd", false, true},
		{"table/???", "table/\xfd", false, true},
		{"table/a*", "table/\xfd", false, true},
		{"table/a*", "table/a\xfe", true, true},
		{"table/a??*", "table/a\xfe", true, true},
		{"table/a???*", "table/a\xfe", false, true},
		{"table*", "table/\xfd", true, true},
		{"table?*", "table/\xfd", true, true},
		{"*/*", "table/\xfd", true, true},
		{"*/*/*", "table/\xfd", false, false}, // no name holds a slash
		{"*:*", "table/\xfd", false, false},
		{"*:*", "table/\xfd/stream/\xff", false, true},
		{"*-*", "table/\xfd", false, true},
		{"cache/?*", "cache/\xff", true, true},
		{"cache/??*", "cache/\xff", false, true},
		{"table/*/index/*", "table/\xfd/index/\xfd", true, true},
		{"table/x/index/*", "table/\xfd/index/\xfd", false, true},
		{"table/*s/i*", "table/\xfd/index/\xfd", false, true},
		{"table/\xf8", "table/\xfd", false, true},  // a variable: for certain nothing, perhaps anything
		{"table/a\xf8b", "table/acb", false, true}, //
		{"table/a\xf8b", "table/ac", false, false}, //
		{"table/\xf8*\xf8?", "table/", false, false},
		{"table/\xf8*\xf8?", "table/a", false, true},
		{"table/\xf9", "table/\xfd", false, false}, // ${*}
		{"table/orders*", "table/o\xfb", false, true},
		{"table/o*", "table/orders\xfb", true, true},
	}
	for _, tt := range tests {
		if got := includes(starsLast(tt.pattern), tt.text, nil); got != tt.includes {
			t.Errorf("includes(%q, %q) = %v", tt.pattern, tt.text, got)
		}
		if got := meets(starsLast(tt.pattern), tt.text, nil); got != tt.meets {
			t.Errorf("meets(%q, %q) = %v", tt.pattern, tt.text, got)
		}
	}
}

// FuzzLanguage tries examples of what a text stands for. None may contradict the two comparisons, and without codes both
// are glob.Match.
func FuzzLanguage(f *testing.F) {
	f.Add("table/*b?*", "table/N/index/A", "abc")
	f.Add("*?*", "A", "")
	f.Add("t???*:", "tAR:", "zz")
	f.Fuzz(func(t *testing.T, pattern, text, fill string) {
		for _, s := range []string{pattern, text, fill} {
			if len(s) > 40 || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
				return
			}
		}
		if got, want := resourceTypes().match(pattern), typesOneByOne(pattern); got != want {
			t.Errorf("%q matches %s, one by one %s", pattern, got, want)
		}
		if text = strings.Trim(text, "*?"); glob.HasWildcard(text) {
			return
		}
		if got := glob.Match(pattern, text); got != includes(starsLast(pattern), text, nil) || got != meets(starsLast(pattern), text, nil) {
			t.Errorf("%q and %q: match %v, includes %v, meets %v", pattern, text, got, includes(starsLast(pattern), text, nil), meets(starsLast(pattern), text, nil))
		}
		name := strings.Map(func(r rune) rune {
			if r < 128 && nameByte(byte(r)) {
				return r
			}
			return '_'
		}, fill) + "abc"
		coded := strings.NewReplacer("A", "\xfb", "C", "\xfc", "N", "\xfd", "R", "\xfe", "L", "\xff").Replace(text)
		example := strings.NewReplacer("A", fill, "C", "x", "N", name, "R", name, "L", name+":").Replace(text)
		if !glob.HasWildcard(example) && includes(starsLast(pattern), coded, nil) && !glob.Match(pattern, example) {
			t.Errorf("includes(%q, %q), but not %q", pattern, coded, example)
		}
		if !glob.HasWildcard(example) && glob.Match(pattern, example) && !meets(starsLast(pattern), coded, nil) {
			t.Errorf("%q meets %q, but not %q", pattern, example, coded)
		}
	})
}

func TestResourceTypes(t *testing.T) {
	tests := []struct{ resource, want string }{
		{"*", "table, index, stream, backup, export, import, global table, DAX cluster"},
		{"arn:aws:dynamodb:*:*:*", "table, index, stream, backup, export, import, global table"},
		{"arn:aws:dynamodb:*", "table, index, stream, backup, export, import, global table"},
		{"arn:aws:dynamodb:us-east-1:*:*", "table, index, stream, backup, export, import"},
		{"arn:aws:dax", "DAX cluster"},
		{"arn:aws:d*:*:*:*", "table, index, stream, backup, export, import, global table, DAX cluster"},
		{"arn:aws:dynamodb:*:*:table/orders", "table"},
		{"arn:aws:dynamodb:*:*:table/ord?rs", "table"},
		{"arn:aws:dynamodb:*:*:table/orders*", "table, index, stream, backup, export, import"},
		{"arn:aws:dynamodb:*:*:table/orders/*", "index, stream, backup, export, import"},
		{"arn:aws:dynamodb:*:*:table/orders/index/*", "index"},
		{"arn:aws:dynamodb:*:*:table/orders/in*", "index"},
		{"arn:aws:dynamodb:*:*:table/orders/i*", "index, import"},
		{"arn:aws:dynamodb:*:*:table/orders/x*", ""},
		{"arn:aws:dynamodb:*:*:table/or ders*", ""},
		{"arn:aws:dynamodb:*:*:table/*", "table, index, stream, backup, export, import"},
		{"arn:aws:dynamodb:*:*:table//*", ""},
		{"arn:aws:dynamodb:*:*:table/orders/index/a", "index"},
		{"arn:aws:dynamodb:*:*:table/*/stream/*", "stream"},
		{"arn:aws:dynamodb:*:*:table/orders/stream/2024-01-01T00:00:00.000", "stream"},
		{"arn:aws:dynamodb:*:*:table/orders/backup/a*", "backup"},
		{"arn:aws:dynamodb:*:*:table/orders/*port/*", "export, import"},
		{"arn:aws:dynamodb::*:global-table/orders", "global table"},
		{"arn:aws:dynamodb:us-east-1:*:global-table/orders", ""},
		{"arn:aws:dynamodb::*:table/orders", ""},
		{"arn:aws:dynamodb:us-east-1::table/orders", ""},
		{"arn:aws:dynamodb:*:*:table/", ""},
		{"arn:aws:dynamodb:*:*:table/orders/", ""},
		{"arn:aws:dynamodb:*:*:table/orders/indices/a", ""},
		{"arn:aws:dynamodb:*:*:table/orders/index/", ""},
		{"arn:aws:dynamodb:*:*:table/or ders", ""},
		{"arn:aws:dynamodb:*:*:table/orders/index/a/b*", ""},
		{"arn:aws:dynamodb:*:*:cache/a", ""},
		{"arn:aws:dax:*:*:cache/a*", "DAX cluster"},
		{"arn:aws:s3:::table/orders", ""},
		{"arn:aws:dynamodb:*:table/orders", "table"},
		{"arn:*:table/orders", "table"},
		{"arn:aws:dynamodb:us-east-1:table/orders", ""},
		{"arn:aws:dynamodb:*:*:table/${aws:username}", "table, index, stream, backup, export, import"},
		{"arn:aws:dynamodb:*:*:table/x${$}y", ""},
		{"arn:aws:dynamodb:*:*:table/${unclosed", ""},
	}
	for _, tt := range tests {
		r := parseResource(tt.resource, true, true, nil)
		var types ResourceTypes
		for i := range r.readings {
			types |= r.readings[i].types
		}
		if types.String() != tt.want {
			t.Errorf("%s: %s, want %s", tt.resource, types, tt.want)
		}
	}
}

// All types at once are the types one by one.
func TestResourceTypesAgreeWithMeets(t *testing.T) {
	for _, pattern := range strings.Fields(`* ** ? t* table table/ table/? table/??? table/* table/o table/orders table/or:ders table//* table/o/ table/o/*
		table/o/i* table/o/in* table/o/index table/o/index/ table/o/index/x table/o/index/x* table/o/index/x/y table/o/stream/2:3 table/o/?*port/* table/o//
		table/*/x/* *a*b*c* *port* *:* *cache/* ?a?he/* cache/?* global-* *-table/o global-table/a*b* *x/* table/*index*stream*` + " table/\xf8 table/o\xf9") {
		if got, want := resourceTypes().match(pattern), typesOneByOne(pattern); got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
}

func typesOneByOne(pattern string) (types ResourceTypes) {
	for i := range everyResource {
		if meets(starsLast(pattern), everyResource[i], nil) {
			types |= 1 << i
		}
	}
	return types
}
