package iam

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func documents(t *testing.T, notations ...string) []*Document {
	t.Helper()
	var out []*Document
	for _, notation := range notations {
		out = append(out, parse(t, notation, Identity))
	}
	return out
}

func TestGrantsList(t *testing.T) {
	tests := []struct {
		name               string
		identity, boundary []string
		want               []string
	}{
		{"nothing", nil, nil, nil},
		{"another service", []string{"Allow s3:* on *"}, nil, nil},
		{"tables and indexes", []string{"Allow dynamodb:Query on table/orders,table/orders/index/*"}, nil, []string{
			"0.0 arn:aws:dynamodb:us-east-1:111122223333:table/orders {aws us-east-1 111122223333 orders} table every  : dynamodb:Query",
			"0.0 arn:aws:dynamodb:us-east-1:111122223333:table/orders/index/* {aws us-east-1 111122223333 orders} index every  : dynamodb:Query",
		}},
		{"every table", []string{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:*:table/*"}, nil, []string{
			"0.0 arn:aws:dynamodb:*:*:table/* {aws   } table every table : dynamodb:GetItem",
		}},
		{"a pattern", []string{"Allow dynamodb:GetItem on arn:aws:dynamodb:eu-west-1:*:table/prod-*"}, nil, []string{
			"0.0 arn:aws:dynamodb:eu-west-1:*:table/prod-* {aws eu-west-1  } table every  : dynamodb:GetItem",
		}},
		{"NotResource", []string{"Allow dynamodb:GetItem on !table/secret,table/other"}, nil, []string{
			"0.0 not arn:aws:dynamodb:us-east-1:111122223333:table/secret {   } table every table : dynamodb:GetItem",
		}},
		{"several documents", []string{"Allow dynamodb:GetItem on table/a", "Allow s3:* on *; Allow dynamodb:PutItem on table/b"}, nil, []string{
			"0.0 arn:aws:dynamodb:us-east-1:111122223333:table/a {aws us-east-1 111122223333 a} table every  : dynamodb:GetItem",
			"1.1 arn:aws:dynamodb:us-east-1:111122223333:table/b {aws us-east-1 111122223333 b} table every  : dynamodb:PutItem",
		}},
		{"a Deny elsewhere", []string{"Allow dynamodb:GetItem,dynamodb:PutItem on table/a", "Deny dynamodb:PutItem on *"}, nil, []string{
			"0.0 arn:aws:dynamodb:us-east-1:111122223333:table/a {aws us-east-1 111122223333 a} table every  : dynamodb:GetItem",
		}},
		{"a Deny of the boundary", []string{"Allow dynamodb:GetItem on table/a"}, []string{"Allow * on *; Deny dynamodb:* on *"}, nil},
		{"a boundary of other actions", []string{"Allow dynamodb:* on table/a"}, []string{"Allow dynamodb:GetItem on *"}, []string{
			"0.0 arn:aws:dynamodb:us-east-1:111122223333:table/a {aws us-east-1 111122223333 a} table every  : dynamodb:GetItem",
		}},
		{"a boundary of other tables", []string{"Allow dynamodb:GetItem on table/a,table/b"}, []string{"Allow dynamodb:* on table/b*"}, []string{
			"0.0 arn:aws:dynamodb:us-east-1:111122223333:table/b {aws us-east-1 111122223333 b} table every  : dynamodb:GetItem",
		}},
		{"a boundary with NotResource", []string{"Allow dynamodb:GetItem on table/a,table/b"}, []string{"Allow dynamodb:* on !table/b"}, []string{
			"0.0 arn:aws:dynamodb:us-east-1:111122223333:table/a {aws us-east-1 111122223333 a} table every  : dynamodb:GetItem",
		}},
		{"an empty boundary", []string{"Allow dynamodb:GetItem on table/a"}, []string{"Allow s3:* on *"}, nil},
		{"a boundary whose condition is never true", []string{"Allow dynamodb:DeleteTable,dynamodb:GetItem on table/a"},
			[]string{`Allow dynamodb:* on * if {"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"x"}}`}, []string{
				"0.0 arn:aws:dynamodb:us-east-1:111122223333:table/a {aws us-east-1 111122223333 a} table every  : dynamodb:GetItem",
			}},
		{"every table within a boundary of one", []string{"Allow dynamodb:GetItem on *"}, []string{"Allow dynamodb:* on table/orders"}, []string{
			"0.0 * {   } table every  : dynamodb:GetItem",
		}},
		{"every table within a boundary of every table of a region", []string{"Allow dynamodb:GetItem on *"}, []string{"Allow dynamodb:* on table/*"}, []string{
			"0.0 * {   } table every table : dynamodb:GetItem",
		}},
		{"every table within a boundary but one", []string{"Allow dynamodb:GetItem on *"}, []string{"Allow dynamodb:* on !table/secret"}, []string{
			"0.0 * {   } table every table : dynamodb:GetItem",
		}},
		{"every table but what a Deny leaves", []string{"Allow dynamodb:GetItem on *; Deny dynamodb:* on !table/orders"}, nil, []string{
			"0.0 * {   } table every  : dynamodb:GetItem",
		}},
		{"every table but one", []string{"Allow dynamodb:GetItem on *; Deny dynamodb:* on table/orders"}, nil, []string{
			"0.0 * {   } table every table : dynamodb:GetItem",
		}},
		{"conditions", []string{`Allow dynamodb:GetItem on * if {"StringEquals":{"aws:ResourceTag/team":"a"}}`}, nil, []string{
			"0.0 * {   } table every table conditional tagged: dynamodb:GetItem",
		}},
		{"a Deny wherever the tag is another", []string{`Allow dynamodb:GetItem on *; Deny dynamodb:* on * if {"StringNotEquals":{"aws:ResourceTag/team":"a"}}`}, nil, []string{
			"0.0 * {   } table every table  tagged: dynamodb:GetItem",
		}},
		{"of a boundary", []string{"Allow dynamodb:GetItem on *"}, []string{`Allow dynamodb:* on *; Deny dynamodb:* on * if {"StringNotEquals":{"aws:ResourceTag/team":"a"}}`}, []string{
			"0.0 * {   } table every table  tagged: dynamodb:GetItem",
		}},
		{"of a part of what is granted", []string{`Allow dynamodb:GetItem,dynamodb:PutItem on table/a*,table/b*; Deny dynamodb:GetItem on * if {"StringNotEquals":{"aws:ResourceTag/team":"a"}}; Deny dynamodb:PutItem on table/b* if {"StringNotEquals":{"aws:ResourceTag/team":"a"}}`}, nil, []string{
			"0.0 arn:aws:dynamodb:us-east-1:111122223333:table/a* {aws us-east-1 111122223333 } table every  : dynamodb:GetItem dynamodb:PutItem",
			"0.0 arn:aws:dynamodb:us-east-1:111122223333:table/b* {aws us-east-1 111122223333 } table every   tagged: dynamodb:GetItem dynamodb:PutItem",
		}},
		{"a condition never true", []string{`Allow dynamodb:GetItem,dynamodb:Scan on table/a if {"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"a"}}`}, nil, []string{
			"0.0 arn:aws:dynamodb:us-east-1:111122223333:table/a {aws us-east-1 111122223333 a} table every  conditional: dynamodb:GetItem",
		}},
	}
	for _, tt := range tests {
		var boundary []*Document
		if tt.boundary != nil {
			boundary = documents(t, tt.boundary...)
		}
		var got []string
		for _, g := range NewGrants(documents(t, tt.identity...), boundary).List {
			flags := ""
			if g.Not {
				flags = "not "
			}
			conditional := " "
			if len(g.Conditions) > 0 {
				conditional = " conditional"
			}
			if g.Tagged {
				conditional += " tagged"
			}
			got = append(got, fmt.Sprintf("%d.%d %s%s %v %s every %s%s: %s", g.Document, g.Statement, flags, g.Element.Text, g.Table, g.Types, g.Every, conditional, names(g.Actions.List())))
		}
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("%s\n got %s\nwant %s", tt.name, strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
		}
	}
}

// Conditions that every request meets do not narrow, and what one never meets is not granted.
func TestGrantsOnConditions(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	const both = "dynamodb:GetItem dynamodb:Scan"
	tests := []struct{ condition, at, undated string }{
		{`{"StringLike":{"aws:RequestedRegion":"*"}}`, both + " | ", both + " | "},
		{`{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`, both + " | ", both + " | "},
		{`{"Bool":{"aws:SecureTransport":"true"}}`, both + " | ", both + " | "},
		{`{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, " | " + both, " | " + both},
		{`{"StringLike":{"aws:SourceVpce":"*"}}`, " | " + both, " | " + both},
		{`{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":"x"}}`, "dynamodb:Scan | dynamodb:GetItem", "dynamodb:Scan | dynamodb:GetItem"},
		{`{"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"x"}}`, " | dynamodb:GetItem", " | dynamodb:GetItem"},
		{`{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`, both + " | ", " | " + both},
		{`{"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`, " | ", " | " + both},
		{`{"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}`, " | " + both, " | " + both},
		{`{"Null":{"aws:CurrentTime":"true"}}`, " | ", " | "},
	}
	for _, tt := range tests {
		identity := documents(t, "Allow dynamodb:Scan,dynamodb:GetItem on table/orders if "+tt.condition)
		for _, c := range []struct {
			now  time.Time
			want string
		}{{now, tt.at}, {time.Time{}, tt.undated}} {
			unconditional, conditional := NewGrantsAt(identity, nil, c.now).On(TableRef{Name: "orders"})
			if got := names(unconditional.List()) + " | " + names(conditional.List()); got != c.want {
				t.Errorf("%s at %v\n got %s\nwant %s", tt.condition, c.now, got, c.want)
			}
		}
	}
}

// A Deny counts from the date on that it names, as every question reads it.
func TestDatedDenies(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	const begun, over = `{"DateGreaterThan":{"aws:CurrentTime":"2026-11-01"}}`, `{"DateLessThan":{"aws:CurrentTime":"2026-11-01"}}`
	const untagged = `"StringNotEquals":{"aws:ResourceTag/team":"a"}`
	for _, tt := range []struct {
		condition   string
		at, undated string // what the grants, UnscopedResources and WildcardActions find
	}{
		{begun, "", "open unscoped wildcard"},
		{over, "open unscoped wildcard", "open unscoped wildcard"},
		{`{"DateGreaterThan":{"aws:CurrentTime":"2026-12-01"}}`, "open unscoped wildcard", "open unscoped wildcard"},
		{`{` + untagged + `}`, "open tagged wildcard", "open tagged wildcard"},
		{`{` + untagged + `,` + begun[1:], "open tagged wildcard", "open unscoped wildcard"},
		{`{` + untagged + `,` + over[1:], "open unscoped wildcard", "open unscoped wildcard"},
	} {
		d := parse(t, "Allow dynamodb:Get* on arn:aws:dynamodb:*:*:table/*; Deny dynamodb:* on * if "+tt.condition, Identity)
		for from, want := range map[time.Time]string{now: tt.at, {}: tt.undated} {
			var got []string
			for _, g := range NewGrantsAt([]*Document{d}, nil, from).List {
				if got = append(got, "open"); g.Tagged {
					got = append(got, "tagged")
				}
			}
			if d.UnscopedResources(UnscopedOptions{Now: from}) != nil {
				got = append(got, "unscoped")
			}
			if d.WildcardActions(WildcardOptions{Now: from}) != nil {
				got = append(got, "wildcard")
			}
			if got := strings.Join(got, " "); got != want {
				t.Errorf("%s from %v: %q, want %q", tt.condition, from, got, want)
			}
		}
	}
}

func TestGrantsOn(t *testing.T) {
	orders := TableRef{"aws", "us-east-1", "111122223333", "orders"}
	named := TableRef{Name: "orders"}
	const tagged = ` if {"StringEquals":{"aws:ResourceTag/team":"a"}}`
	tests := []struct {
		identity, boundary string
		table              TableRef
		want               string
	}{
		{"Allow dynamodb:GetItem on table/orders", "", orders, "dynamodb:GetItem | "},
		{"Allow dynamodb:GetItem on table/orders", "", named, "dynamodb:GetItem | "},
		{"Allow dynamodb:GetItem on table/orders", "", TableRef{Region: "eu-west-1", Name: "orders"}, " | "},
		{"Allow dynamodb:GetItem on table/orders2", "", orders, " | "},
		{"Allow dynamodb:GetItem on table/ord*", "", orders, "dynamodb:GetItem | "},
		{"Allow dynamodb:GetItem on *", "", orders, "dynamodb:GetItem | "},
		{"Allow dynamodb:GetItem on arn:aws-cn:dynamodb:*:*:table/*", "", orders, " | "},
		{"Allow dynamodb:GetItem on table/${aws:username}", "", orders, "dynamodb:GetItem | "},
		{"Allow dynamodb:Query on table/orders/index/by-date", "", orders, "dynamodb:Query | "},
		{"Allow dynamodb:GetItem on table/orders/index/by-date", "", orders, " | "},
		{"Allow dynamodb:GetRecords,dynamodb:DeleteBackup on table/orders*", "", orders, "dynamodb:DeleteBackup dynamodb:GetRecords | "},
		{"Allow dynamodb:GetItem on !table/orders", "", orders, " | "},
		{"Allow dynamodb:Query on !table/orders", "", orders, "dynamodb:Query | "}, // through its indexes
		{"Allow dynamodb:GetItem on !table/secret", "", orders, "dynamodb:GetItem | "},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on table/orders", "", orders, " | "},
		{"Allow dynamodb:Query on *; Deny dynamodb:* on table/orders", "", orders, "dynamodb:Query | "},
		{"Allow dynamodb:Query on *; Deny dynamodb:* on table/orders*", "", orders, " | "},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on table/orders", "", TableRef{Name: "items"}, "dynamodb:GetItem | "},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on table/orders", "", named, "dynamodb:GetItem | "}, // in another region
		{"Allow dynamodb:GetItem on table/orders; Deny dynamodb:* on table/orders", "", named, " | "},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on !table/orders", "", orders, "dynamodb:GetItem | "},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on !table/items", "", orders, " | "},
		{"Allow dynamodb:GetItem,dynamodb:PutItem on *", "Allow dynamodb:GetItem on table/orders; Allow dynamodb:PutItem on table/items", orders, "dynamodb:GetItem | "},
		{"Allow dynamodb:GetItem on *; Allow dynamodb:GetItem,dynamodb:PutItem on *" + tagged, "", orders, "dynamodb:GetItem | dynamodb:PutItem"},
	}
	for _, tt := range tests {
		var boundary []*Document
		if tt.boundary != "" {
			boundary = documents(t, tt.boundary)
		}
		unconditional, conditional := NewGrants(documents(t, strings.ReplaceAll(tt.identity, "table/${", "arn:aws:dynamodb:*:*:table/${")), boundary).On(tt.table)
		if got := names(unconditional.List()) + " | " + names(conditional.List()); got != tt.want {
			t.Errorf("%s, boundary %s, on %v\n got %s\nwant %s", tt.identity, tt.boundary, tt.table, got, tt.want)
		}
	}
}

// What is left when the work is used up counts as granted: a Deny or a boundary that was not compared takes nothing away.
func TestGrantsWork(t *testing.T) {
	// A pattern that all but matches the name takes some 16,000 steps, as many as the star has places to begin.
	name := "table/" + strings.Repeat("a", 255)
	pattern := ",table/*" + strings.Repeat("a", 120) + "b"
	const few, many = 3, 2000
	tests := []struct {
		name               string
		identity, boundary string
		want, exceeded     string // actions, and those of which everything is reached
	}{
		{"a Deny after one that takes all work", "Allow dynamodb:GetItem on NAME; Deny dynamodb:* on PATTERNS; Deny dynamodb:* on *", "",
			"", "dynamodb:GetItem of "},
		{"a Deny by a pattern after those", "Allow dynamodb:GetItem on NAME; Deny dynamodb:* on PATTERNS,*", "", "", "dynamodb:GetItem of "},
		{"a Deny by NotResource after another", "Allow dynamodb:GetItem on NAME; Deny dynamodb:* on !PATTERNS,NAME; Deny dynamodb:* on !table/other", "",
			"", "dynamodb:GetItem of "},
		{"a Deny by NotResource that takes all work", "Allow dynamodb:GetItem on NAME; Deny dynamodb:* on !PATTERNS", "",
			"", "dynamodb:GetItem of "},
		{"a boundary", "Allow dynamodb:GetItem on NAME", "Allow dynamodb:* on PATTERNS", "", "dynamodb:GetItem of "},
		{"a boundary of other actions", "Allow dynamodb:GetItem,dynamodb:PutItem on NAME", "Allow dynamodb:GetItem on PATTERNS,table/*", "dynamodb:GetItem of ", "dynamodb:GetItem dynamodb:PutItem of "},
		{"a boundary by NotResource", "Allow dynamodb:GetItem on NAME", "Allow dynamodb:* on !PATTERNS,table/*", "", "dynamodb:GetItem of "},
		{"every table, but what a Deny leaves", "Allow dynamodb:GetItem on NAME,*; Deny dynamodb:* on PATTERNS; Deny dynamodb:* on !NAME", "",
			"dynamodb:GetItem of ; dynamodb:GetItem of ", "dynamodb:GetItem of ; dynamodb:GetItem of table"},
		{"every table of a boundary", "Allow dynamodb:GetItem on NAME,*", "Allow dynamodb:* on PATTERNS; Allow dynamodb:* on NAME",
			"dynamodb:GetItem of ; dynamodb:GetItem of ", "dynamodb:GetItem of ; dynamodb:GetItem of table"},
	}
	for _, tt := range tests {
		for number, want := range map[int]string{few: tt.want, many: tt.exceeded} {
			of := func(notation string) []*Document {
				if notation == "" {
					return nil
				}
				return documents(t, strings.NewReplacer("NAME", name, "PATTERNS", strings.Repeat(pattern, number)[1:]).Replace(notation))
			}
			var got []string
			for _, g := range NewGrants(of(tt.identity), of(tt.boundary)).List {
				got = append(got, fmt.Sprintf("%s of %s", names(g.Actions.List()), g.Every&Table))
			}
			if got := strings.Join(got, "; "); got != want {
				t.Errorf("%s, %d patterns\n got %s\nwant %s", tt.name, number, got, want)
			}
		}
	}

	orders := TableRef{"aws", "us-east-1", "111122223333", "orders"}
	g := NewGrants(documents(t, "Allow dynamodb:GetItem on !table/orders"), nil)
	if got := g.Reaches(&g.List[0], orders); !got.Empty() {
		t.Errorf("reaches the table that it leaves out: %s", names(got.List()))
	}
	g.identity.work = 0
	if got := names(g.Reaches(&g.List[0], orders).List()); got != "dynamodb:GetItem" {
		t.Errorf("without work left, reaches %q", got)
	}
}

// Denies that leave disjoint parts of one pattern leave nothing between them.
func TestGrantsOfSeveralDenies(t *testing.T) {
	for _, tt := range []struct{ identity, want string }{
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on !table/orders; Deny dynamodb:* on !table/users", ""},
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on !table/orders; Deny dynamodb:* on !table/users,table/o*", "dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on !table/o*,table/u*; Deny dynamodb:* on !table/users,table/a*", "dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on !table/o*; Deny dynamodb:* on !table/a*; Deny dynamodb:* on !table/o*,table/a*", ""},
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:GetItem on !table/orders; Deny dynamodb:PutItem on !table/users", "dynamodb:GetItem"},
		{"Allow dynamodb:GetItem,dynamodb:PutItem on table/*; Deny dynamodb:* on !table/orders; Deny dynamodb:PutItem on !table/users", "dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on !*; Deny dynamodb:* on !table/users", "dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on !table/${aws:username}; Deny dynamodb:* on !table/users", "dynamodb:GetItem"},
		{"Allow dynamodb:ListTables on *; Deny dynamodb:* on !table/orders; Deny dynamodb:PutItem on !table/users", ""},
		{"Allow dynamodb:ListTables on *; Deny dynamodb:* on !*; Deny dynamodb:* on !*,table/users", "dynamodb:ListTables"},
		{"Allow dynamodb:GetItem on *; Deny dynamodb:* on !table/app-${aws:username}; Deny dynamodb:* on !table/users", "dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/orders; Deny dynamodb:* on !table/orders,table/users; Deny dynamodb:* on !table/users", ""},
		// Denies by Resource leave what is between them.
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on table/orders; Deny dynamodb:* on table/o*", "dynamodb:GetItem"},
		// What one leaves, the other denies by name, in whatever order, and of what belongs to it.
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on table/orders; Deny dynamodb:* on !table/orders", ""},
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on !table/orders; Deny dynamodb:* on table/orders", ""},
		{"Allow dynamodb:Query on table/*; Deny dynamodb:* on table/o*; Deny dynamodb:* on !table/orders*", ""},
		{"Allow dynamodb:Query on table/*/index/*; Deny dynamodb:* on table/o*/index/*; Deny dynamodb:* on !table/orders*", ""},
		{"Allow dynamodb:Query on table/*/index/*; Deny dynamodb:* on table/o*/stream/*; Deny dynamodb:* on !table/orders*", "dynamodb:Query"},
	} {
		var open ActionSet
		for _, g := range NewGrants([]*Document{parse(t, tt.identity, Identity)}, nil).List {
			open = open.Or(g.Actions)
		}
		if got := names(open.List()); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.identity, got, tt.want)
		}
	}
	// The Denies of all documents of a principal count together.
	var open ActionSet
	for _, g := range NewGrants(documents(t, "Allow dynamodb:GetItem on table/*; Deny dynamodb:* on table/orders", "Deny dynamodb:* on !table/orders"), nil).List {
		open = open.Or(g.Actions)
	}
	if !open.Empty() {
		t.Errorf("of two documents, %s", names(open.List()))
	}
}

// A boundary and a Deny that leave disjoint parts of one pattern open nothing between them.
func TestGrantsDisjoint(t *testing.T) {
	for _, tt := range []struct{ identity, boundary, want string }{
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on !table/orders", "Allow dynamodb:* on table/users", ""},
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on !table/orders", "Allow dynamodb:* on table/users,table/o*", "dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on !table/orders", "Allow dynamodb:* on *", "dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on !table/orders", "Allow dynamodb:* on !table/users", "dynamodb:GetItem"},
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:* on table/orders", "Allow dynamodb:* on table/orders", ""},
		{"Allow dynamodb:GetItem on table/a*; Deny dynamodb:* on !table/orders", "Allow dynamodb:* on table/orders", ""},
		{"Allow dynamodb:GetItem on table/orders", `Allow dynamodb:* on table/users; Deny dynamodb:* on * if {"StringEquals":{"aws:PrincipalTag/a":"b"}}`, ""},
		{"Allow dynamodb:GetItem on table/*; Deny dynamodb:PutItem on !table/orders", "Allow dynamodb:* on table/users", "dynamodb:GetItem"},
	} {
		var open ActionSet
		for _, g := range NewGrants([]*Document{parse(t, tt.identity, Identity)}, []*Document{parse(t, tt.boundary, Identity)}).List {
			open = open.Or(g.Actions)
		}
		if got := names(open.List()); got != tt.want {
			t.Errorf("%s within %s: %q, want %q", tt.identity, tt.boundary, got, tt.want)
		}
	}
}

// Documents of one partition are about that one; of several, about any.
func TestCommonPartition(t *testing.T) {
	for notation, want := range map[string]string{
		"aws":             "aws",
		"aws aws":         "aws",
		"aws aws-cn":      "",
		"aws aws-cn aws":  "",
		"none aws":        "aws",
		"aws none":        "aws",
		"none":            "",
		"aws-cn none aws": "",
	} {
		var list []*Document
		for name := range strings.FieldsSeq(notation) {
			resource := "*"
			if name != "none" {
				resource = "arn:" + name + ":dynamodb:*:*:table/orders"
			}
			list = append(list, parse(t, "Allow dynamodb:GetItem on "+resource, Identity))
		}
		if got := commonPartition(list); got != want {
			t.Errorf("%s: %q, want %q", notation, got, want)
		}
	}
}
