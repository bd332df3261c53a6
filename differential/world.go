package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"dynamoguard/internal/resource"
)

// A World is two accounts with a stack each: tables, users, roles and groups, and all the policies that decide who may do what. The
// policies of groups are in a stack of their own, and some principals in none.
type World struct {
	ID         string        `json:"id"`
	Tables     []*WorldTable `json:"tables"`
	Principals []*Holder     `json:"principals"`
	Groups     []*Holder     `json:"groups"`
	Managed    []*Document   `json:"managed"` // managed policies of the first account, which is home
	// Cells are what the oracle allows, by principal and table: a letter each for read, write, admin and policy, "n" for nothing, "c" where
	// it depends on the request, "a" whatever the request.
	Cells [][]string `json:"cells,omitempty"`
}

// A WorldTable is a table with its policy and that of its stream.
type WorldTable struct {
	Account string    `json:"account"`
	Region  string    `json:"region"`
	Name    string    `json:"name"`
	Policy  *Document `json:"policy,omitempty"`
	Stream  *Document `json:"stream,omitempty"`
}

// A Holder is a user, a role or a group.
type Holder struct {
	Account  string      `json:"account"`
	Kind     string      `json:"kind"`
	Name     string      `json:"name"`
	Inline   []*Document `json:"inline,omitempty"`
	Attached []int       `json:"attached,omitempty"` // in Managed
	Boundary *int        `json:"boundary,omitempty"` // in Managed
	Groups   []int       `json:"groups,omitempty"`   // of a user
	// Outside: no stack declares it. What it has of its own lets it use what tables of other accounts open to it, and nothing else.
	Outside bool `json:"outside,omitempty"`
}

func (t *WorldTable) arn() string {
	return arn("arn", "aws", "dynamodb", t.Region, t.Account, "table/"+t.Name)
}

const streamLabel = "2024-01-01T00:00:00.000"

// arn is the ARN; of a service its name.
func (h *Holder) arn() string {
	if h.Kind == "service" {
		return h.Name
	}
	return "arn:aws:iam::" + h.Account + ":" + h.Kind + "/" + h.Name
}

// caller is the principal of a request: a role's is a session of it.
func (h *Holder) caller() string {
	if h.Kind == "role" {
		return "arn:aws:sts::" + h.Account + ":assumed-role/" + h.Name + "/session"
	}
	return h.arn()
}

// worldKeys are the condition keys of the worlds whose values a request chooses, with the values that policies list. A request may as
// well lack the key, or have another value.
var worldKeys = []key{
	{name: "aws:MultiFactorAuthPresent", family: "Bool", values: []string{"true", "false"}},
	{name: "aws:SourceVpce", family: "String", values: []string{"vpce-1a2b3c4d", "vpce-99999999"}},
	{name: "aws:PrincipalTag/team", family: "String", values: []string{"data", "ml"}},
	{name: "aws:PrincipalOrgID", family: "String", values: []string{"o-abc123def4", "o-zzzzzzzzzz"}},
	{name: "dynamodb:LeadingKeys", family: "String", values: []string{"alice", "bob"}, multivalued: true, actions: itemActions},
}

// worldGenerator draws a world.
type worldGenerator struct {
	*generator
	world *World
	keys  []key // some of worldKeys
}

// GenerateWorld draws the i-th world of a seed: always the same one.
func GenerateWorld(seed, i uint64) *World {
	g := &worldGenerator{&generator{Rand: rand.New(rand.NewPCG(seed, i))}, &World{ID: fmt.Sprintf("%d-%d", seed, i)}, slices.Clone(worldKeys)}
	g.Shuffle(len(g.keys), func(i, j int) { g.keys[i], g.keys[j] = g.keys[j], g.keys[i] })
	g.keys = g.keys[:2]
	w := g.world
	names := []string{"orders", "orders-archive", "carts", "prod-orders", "Orders", "alice-notes", "users"}
	g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for i := range 3 + g.IntN(3) {
		t := &WorldTable{Account: home, Region: pick(g.generator, "us-east-1", "us-east-1", "eu-west-1"), Name: names[i]}
		if i > 1 && g.chance(30) {
			t.Account = foreign
		}
		w.Tables = append(w.Tables, t)
	}
	w.Principals = append(w.Principals,
		&Holder{Account: home, Kind: "user", Name: "alice"},
		&Holder{Account: home, Kind: "role", Name: "app"},
		&Holder{Account: home, Kind: "role", Name: "batch"},
		&Holder{Account: foreign, Kind: pick(g.generator, "role", "user"), Name: "reader"},
		&Holder{Account: pick(g.generator, home, foreign), Kind: pick(g.generator, "role", "user"), Name: "guest", Outside: true},
		&Holder{Kind: "service", Name: "redshift.amazonaws.com", Outside: true},
	)
	for i := range 2 {
		w.Groups = append(w.Groups, &Holder{Account: home, Kind: "group", Name: fmt.Sprintf("group%d", i)})
	}
	for range 2 + g.IntN(2) {
		w.Managed = append(w.Managed, g.policy(identityPolicy, nil))
	}
	for _, h := range slices.Concat(w.Principals, w.Groups) {
		if h.Outside {
			continue
		}
		for range g.weighted(20, 65, 15) {
			h.Inline = append(h.Inline, g.policy(identityPolicy, nil))
		}
		if h.Account == home && g.chance(30) {
			h.Attached = append(h.Attached, g.IntN(len(w.Managed)))
		}
		if h.Account == home && h.Kind != "group" && g.chance(25) {
			boundary := len(w.Managed)
			w.Managed = append(w.Managed, g.policy(boundaryPolicy, nil))
			h.Boundary = &boundary
		}
		if h.Kind == "user" && h.Account == home && g.chance(60) {
			h.Groups = append(h.Groups, g.IntN(len(w.Groups)))
		}
	}
	for _, t := range w.Tables {
		if g.chance(35) || t.Account == foreign && g.chance(50) {
			t.Policy = g.policy(tablePolicy, t)
		}
		if g.chance(10) {
			t.Stream = g.policy(tablePolicy, t)
		}
	}
	return w
}

const boundaryPolicy = boundary

// policy draws a document, of a table where there is one.
func (g *worldGenerator) policy(at place, of *WorldTable) *Document {
	d := &Document{Version: "2012-10-17"}
	if at == boundaryPolicy && g.chance(50) {
		d.Statement = append(d.Statement, &Statement{Effect: "Allow", Action: bare(pick(g.generator, "*", "dynamodb:*")), Resource: bare("*")})
	}
	for range 1 + g.weighted(50, 35, 15) {
		d.Statement = append(d.Statement, g.rule(at, of))
	}
	return d
}

func (g *worldGenerator) rule(at place, of *WorldTable) *Statement {
	s := &Statement{Effect: "Allow"}
	if g.chance(25) {
		s.Effect = "Deny"
	}
	s.Action = g.few(g.anAction)
	if g.chance(8) {
		s.Action, s.NotAction = nil, g.few(g.anAction)
	}
	s.Resource = g.few(func() string { return g.aResource(at, s.Effect) })
	if of != nil {
		s.Resource = g.few(func() string { return g.ofTable(of) })
	}
	if g.chance(8) && of == nil {
		s.Resource, s.NotResource = nil, g.few(func() string { return strings.ReplaceAll(g.aResource(at, s.Effect), "${aws:username}", "alice") })
	}
	if at == tablePolicy {
		s.Principal = g.somebody()
	}
	if g.chance(30) {
		g.restrict(s)
	}
	return s
}

func (g *worldGenerator) few(one func() string) *List {
	l := &List{}
	for range 1 + g.weighted(60, 30, 10) {
		l.Values = append(l.Values, one())
	}
	l.Bare = len(l.Values) == 1
	return l
}

func (g *worldGenerator) anAction() string {
	return "dynamodb:" + pick(g.generator,
		"GetItem", "Query", "Scan", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "DeleteTable", "UpdateTable",
		"CreateTable", "TagResource", "CreateBackup", "DeleteBackup", "RestoreTableFromBackup", "ExportTableToPointInTime", "PutResourcePolicy",
		"DeleteResourcePolicy", "GetRecords", "DescribeTable", "DescribeStream", "PartiQLSelect", "PartiQLUpdate",
		"*", "*", "Get*", "*Item", "Batch*", "*Table", "Put*", "Delete*", "*ResourcePolicy", "Query*", "P*")
}

// aResource draws a resource of a policy that is not a table's.
func (g *worldGenerator) aResource(at place, effect string) string {
	t := pick(g.generator, g.world.Tables...)
	if g.chance(15) {
		return "*"
	}
	f := []string{"arn", "aws", "dynamodb", pick(g.generator, t.Region, t.Region, "*", "us-*"), "", ""}
	f[4] = pick(g.generator, t.Account, t.Account, "*")
	f[5] = "table/" + g.tablePattern(t)
	switch g.IntN(8) {
	case 0:
		f[5] += "/index/" + g.anIndex()
	case 1:
		f[5] += "/stream/*"
	case 2:
		f[5] += "/*"
	case 3:
		if g.chance(30) {
			f[5] += "/backup/*"
		}
	}
	return arn(f...)
}

func (g *worldGenerator) tablePattern(t *WorldTable) string {
	n := t.Name
	cut := 1 + g.IntN(len(n)-1)
	switch g.weighted(50, 10, 10, 5, 5, 5, 3) {
	case 0:
		return n
	case 1:
		return n[:cut] + "*"
	case 2:
		return "*" + n[cut:]
	case 3:
		return "*"
	case 4:
		return n[:cut-1] + "?" + n[cut:]
	case 5:
		return "nothing-here"
	default:
		return "${aws:username}-*"
	}
}

func (g *worldGenerator) anIndex() string { return pick(g.generator, "*", "*", "day-0", "day-*") }

// ofTable draws a resource of the policy of a table.
func (g *worldGenerator) ofTable(t *WorldTable) string {
	return pick(g.generator, t.arn(), t.arn(), t.arn()+"/index/"+g.anIndex(), t.arn()+"/stream/*", t.arn()+"*")
}

func (g *worldGenerator) somebody() *Principal {
	var ids []string
	for range 1 + g.weighted(70, 30) {
		h := pick(g.generator, g.world.Principals...)
		if h.Kind == "service" {
			return &Principal{Types: map[string]List{"Service": {Values: []string{h.Name}, Bare: true}}}
		}
		ids = append(ids, pick(g.generator,
			h.arn(), h.arn(), h.arn(), h.Account, "arn:aws:iam::"+h.Account+":root", "*", "arn:aws:iam::"+home+":role/nobody"))
	}
	if len(ids) == 1 && ids[0] == "*" {
		return &Principal{Anyone: true}
	}
	return &Principal{Types: map[string]List{"AWS": {Values: ids, Bare: len(ids) == 1}}}
}

// restrict adds a condition.
func (g *worldGenerator) restrict(s *Statement) {
	s.Condition = map[string]map[string]List{}
	not := func(operator string) string {
		if g.chance(40) {
			return strings.Replace(operator, "String", "StringNot", 1)
		}
		return operator
	}
	switch g.weighted(70, 30) {
	case 0:
		k := pick(g.generator, g.keys...)
		value := *bare(pick(g.generator, k.values...))
		switch {
		case k.family == "Bool":
			s.addCondition("Bool"+pick(g.generator, "", "IfExists"), k.name, value)
		case k.multivalued:
			s.addCondition(pick(g.generator, "ForAllValues:", "ForAnyValue:")+"StringEquals", k.name, value)
		default:
			s.addCondition(not("StringEquals")+pick(g.generator, "", "", "IfExists"), k.name, value)
		}
	default: // what the principal and the table decide
		h := pick(g.generator, g.world.Principals[:len(g.world.Principals)-1]...) // without the service
		switch g.IntN(4) {
		case 0:
			operator := pick(g.generator, "ArnLike", "ArnNotLike", "ArnEquals")
			s.addCondition(operator, "aws:PrincipalArn", *bare(pick(g.generator, h.arn(), "arn:aws:iam::*:role/*")))
		case 1:
			s.addCondition(not("StringEquals"), "aws:PrincipalAccount", *bare(h.Account))
		case 2:
			s.addCondition(not("StringEquals"), "aws:RequestedRegion", *bare("us-east-1"))
		default:
			s.addCondition(not("StringEquals"), "aws:ResourceAccount", *bare(home))
		}
	}
}

// resources are the stacks as the engine has them at their end, with outputs: one for each account, and one with what groups are given.
func (w *World) resources() (stacks [][]*resource.Resource) {
	const grants = "grants"
	in := map[string][]*resource.Resource{} // by account, or grants
	add := func(of, typ, name string, properties map[string]any) {
		stack := map[string]string{home: "prod", foreign: "other", grants: grants}[of]
		urn := resource.URN("urn:pulumi:" + stack + "::shop::" + typ + "::" + name)
		in[of] = append(in[of], &resource.Resource{URN: urn, Type: typ, Name: name, Properties: valueOf(properties)})
	}
	text := func(d *Document) string {
		line, err := encode(d)
		if err != nil {
			panic(err)
		}
		return string(line)
	}
	managed := func(i int) string { return fmt.Sprintf("arn:aws:iam::%s:policy/managed%d", home, i) }
	for i, d := range w.Managed {
		name := fmt.Sprintf("managed%d", i)
		add(home, "aws:iam/policy:Policy", name, map[string]any{"name": name, "arn": managed(i), "policy": text(d)})
	}
	for _, h := range slices.Concat(w.Principals, w.Groups) {
		if h.Outside {
			continue
		}
		title, policies := strings.ToUpper(h.Kind[:1])+h.Kind[1:], h.Account
		if h.Kind == "group" {
			policies = grants
		}
		properties := map[string]any{"name": h.Name, "arn": h.arn()}
		if h.Boundary != nil {
			properties["permissionsBoundary"] = managed(*h.Boundary)
		}
		add(h.Account, "aws:iam/"+h.Kind+":"+title, h.Name, properties)
		for i, d := range h.Inline {
			add(policies, "aws:iam/"+h.Kind+"Policy:"+title+"Policy", fmt.Sprintf("%s-%d", h.Name, i),
				map[string]any{h.Kind: h.Name, "policy": text(d)})
		}
		for i, m := range h.Attached {
			add(policies, "aws:iam/"+h.Kind+"PolicyAttachment:"+title+"PolicyAttachment", fmt.Sprintf("%s-a%d", h.Name, i),
				map[string]any{h.Kind: h.Name, "policyArn": managed(m)})
		}
		if len(h.Groups) > 0 {
			var groups []any
			for _, g := range h.Groups {
				groups = append(groups, w.Groups[g].Name)
			}
			add(h.Account, "aws:iam/userGroupMembership:UserGroupMembership", h.Name+"-groups", map[string]any{"user": h.Name, "groups": groups})
		}
	}
	for _, t := range w.Tables {
		add(t.Account, "aws:dynamodb/table:Table", t.Name, map[string]any{"name": t.Name, "arn": t.arn(), "region": t.Region})
		for suffix, d := range map[string]*Document{"": t.Policy, "/stream/" + streamLabel: t.Stream} {
			if d != nil {
				add(t.Account, "aws:dynamodb/resourcePolicy:ResourcePolicy", t.Name+strings.ReplaceAll(suffix, "/", "-"),
					map[string]any{"resourceArn": t.arn() + suffix, "policy": text(d)})
			}
		}
	}
	for _, of := range []string{home, foreign, grants} {
		if in[of] != nil {
			stacks = append(stacks, in[of])
		}
	}
	return stacks
}

func valueOf(v any) resource.Value {
	switch v := v.(type) {
	case []any:
		list := make([]resource.Value, len(v))
		for i, e := range v {
			list[i] = valueOf(e)
		}
		return resource.ArrayValue(list)
	case map[string]any:
		members := map[string]resource.Value{}
		for k, e := range v {
			members[k] = valueOf(e)
		}
		return resource.ObjectValue(members)
	default:
		return resource.StringValue(v.(string))
	}
}
