package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"dynamoguard/internal/iam"
)

// The accounts of the cases: principals are of the first, tables of either.
const (
	home    = "111122223333"
	foreign = "999988887777"
)

// generator draws one case. Documents are drawn around the request, each element a hit or a near miss of it, so that all
// verdicts are common.
type generator struct {
	*rand.Rand
	partition, region string
	account           string // of the resource
	self              string // the account of the principal
	service, name     string // of the action
	resource          string
	principal         string
	context           map[string]List
}

// Generate draws the i-th case of a seed: always the same one, whatever is drawn besides.
func Generate(seed, i uint64) *Case {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, i)), partition: "aws", region: "us-east-1", account: home, self: home}
	if g.chance(15) {
		g.partition, g.region = "aws-us-gov", "us-gov-west-1"
		if g.chance(50) {
			g.partition, g.region = "aws-cn", "cn-north-1"
		}
	}
	c := &Case{ID: fmt.Sprintf("%d-%d", seed, i), Identity: []*Document{}}
	if c.Principal = g.drawPrincipal(); c.Principal != defaultPrincipal {
		g.principal = c.Principal
	} else {
		c.Principal = ""
		g.principal = defaultPrincipal
	}
	withTablePolicy := g.chance(30)
	if withTablePolicy && g.chance(40) {
		g.account = foreign
	}
	g.drawRequest()
	switch kindOf(g.resource) {
	case "table", "index", "stream":
	default:
		withTablePolicy = false // nothing else has one
	}
	c.Action, c.Resource = g.service+":"+g.name, g.resource
	if g.chance(5) {
		c.Action = g.mangle(c.Action)
	}
	if g.account != home || g.resource == "*" && g.chance(50) {
		c.AccountID = g.account
	}
	g.drawContext()
	c.Context = g.context

	for range g.weighted(5, 80, 15) {
		c.Identity = append(c.Identity, g.document(identityPolicy))
	}
	if withTablePolicy {
		c.ResourcePolicy = g.document(tablePolicy)
		if g.account == home && g.chance(30) {
			c.Identity = c.Identity[:0]
		}
	}
	if g.chance(15) || withTablePolicy && g.chance(25) {
		c.Boundary = append(c.Boundary, g.document(boundary))
	}
	if g.chance(12) {
		for i := range 1 + g.IntN(2) {
			level := Level{OrgIdentifier: fmt.Sprintf("ou-%d", i), Policies: []Attached{}}
			for j := range g.weighted(4, 48, 48) {
				level.Policies = append(level.Policies, Attached{fmt.Sprintf("scp-%d-%d", i, j), g.document(controlPolicy)})
			}
			c.SCP = append(c.SCP, level)
		}
	}
	if g.chance(5) {
		g.spoil(c)
	}
	return c
}

// chance is true so many times in a hundred.
func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// weighted draws an index by the weights.
func (g *generator) weighted(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := g.IntN(sum)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	panic("unreachable")
}

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// mangle changes the case of some letters.
func (g *generator) mangle(s string) string {
	out := []byte(s)
	for i, c := range out {
		if g.chance(40) && (c|0x20 >= 'a' && c|0x20 <= 'z') {
			out[i] = c ^ 0x20
		}
	}
	return string(out)
}

const defaultPrincipal = "arn:aws:iam::" + home + ":user/alice"

func (g *generator) drawPrincipal() string {
	switch g.weighted(60, 8, 25, 7) {
	case 0:
		return "arn:" + g.partition + ":iam::" + g.self + ":user/alice"
	case 1:
		return "arn:" + g.partition + ":iam::" + g.self + ":user/team/alice"
	case 2:
		return "arn:" + g.partition + ":sts::" + g.self + ":assumed-role/app/session"
	default:
		return "arn:" + g.partition + ":sts::" + g.self + ":federated-user/alice"
	}
}

var tableNames = []string{"orders", "orders", "orders", "orders2", "Orders", "prod-orders", "dev-orders", "alice", "a.b_c-1", "data"}

func (g *generator) drawRequest() {
	actions := iam.Actions()
	action := actions[g.IntN(len(actions))]
	if g.chance(50) { // item operations have the most condition keys
		action = iam.LookupAction("dynamodb:" + pick(g, "GetItem", "PutItem", "Query", "Scan", "BatchGetItem", "DeleteItem", "PartiQLSelect", "UpdateItem"))
	}
	g.service, g.name = action.Service, action.Name
	var types []iam.ResourceTypes
	for t := iam.Table; t < iam.NoResource; t <<= 1 {
		if action.Types()&t != 0 {
			types = append(types, t)
		}
	}
	if len(types) == 0 {
		g.resource = "*"
		return
	}
	table := "table/" + tableNames[g.IntN(len(tableNames))]
	region, service, rest := g.region, "dynamodb", table
	switch types[g.IntN(len(types))] {
	case iam.Index:
		rest = table + "/index/" + pick(g, "by-date", "i")
	case iam.Stream:
		rest = table + "/stream/2024-01-01T00:00:00.000"
	case iam.Backup:
		rest = table + "/backup/01489602797149-73d8d5bc"
	case iam.Export:
		rest = table + "/export/01489602797149-73d8d5bc"
	case iam.Import:
		rest = table + "/import/01489602797149-73d8d5bc"
	case iam.GlobalTable:
		region, rest = "", "global-table/"+tableNames[g.IntN(len(tableNames))]
	case iam.Cluster:
		service, rest = "dax", "cache/"+pick(g, "orders", "orders2", "prod-orders")
	}
	g.resource = strings.Join([]string{"arn", g.partition, service, region, g.account, rest}, ":")
}

// key is a condition key, its operators' family, and values that requests and policies use.
type key struct {
	name, family string
	values       []string
	multivalued  bool
	actions      []string // that carry it; nil: all
}

var (
	itemActions = []string{"BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate", "PutItem", "Query", "UpdateItem"}

	keys = []key{
		{name: "aws:PrincipalOrgID", family: "String", values: []string{"o-abc123def4", "o-zzzzzzzzzz"}},
		{name: "aws:PrincipalTag/team", family: "String", values: []string{"data", "ml", "Data", "a*b", "a$b", "orders", "*", "o?ders"}},
		{name: "aws:PrincipalTag/Cost-Center", family: "String", values: []string{"1000", "2000"}},
		{name: "aws:PrincipalAccount", family: "String", values: []string{home, foreign}},
		{name: "aws:username", family: "String", values: []string{"alice", "bob"}},
		{name: "aws:SourceVpce", family: "String", values: []string{"vpce-1a2b3c4d", "vpce-99999999"}},
		{name: "aws:RequestedRegion", family: "String", values: []string{"us-east-1", "us-gov-west-1", "cn-north-1", "eu-west-1"}},
		{name: "aws:ResourceTag/team", family: "String", values: []string{"data", "ml", "axb"}},
		{name: "aws:PrincipalArn", family: "ARN", values: []string{"arn:aws:iam::" + home + ":role/app", "arn:aws:iam::" + home + ":user/alice", "arn:aws:iam::" + foreign + ":role/app"}},
		{name: "aws:SourceArn", family: "ARN", values: []string{"arn:aws:lambda:us-east-1:" + home + ":function:f", "arn:aws:sns:us-east-1:" + home + ":topic"}},
		{name: "aws:SecureTransport", family: "Bool", values: []string{"true", "false"}},
		{name: "aws:MultiFactorAuthPresent", family: "Bool", values: []string{"true", "false"}},
		{name: "aws:ViaAWSService", family: "Bool", values: []string{"true", "false"}},
		{name: "aws:MultiFactorAuthAge", family: "Numeric", values: []string{"0", "300", "3600", "86400"}},
		{name: "aws:CurrentTime", family: "Date", values: []string{"2026-11-22T00:00:00Z", "2020-01-01T00:00:00Z", "2030-06-30T12:00:00Z", "2026-11-22"}},
		{name: "aws:EpochTime", family: "Date", values: []string{"1795305600", "1577836800", "1909051200"}},
		{name: "aws:SourceIp", family: "IP", values: []string{"203.0.113.9", "198.51.100.7", "10.0.0.1", "2001:db8:1234:5678::1"}},
		{name: "aws:VpcSourceIp", family: "IP", values: []string{"10.0.0.1", "10.1.2.3", "192.168.0.9"}},
		{name: "aws:CalledVia", family: "String", multivalued: true, values: []string{"athena.amazonaws.com", "cloudformation.amazonaws.com", "dynamodb.amazonaws.com"}},
		{name: "aws:PrincipalOrgPaths", family: "String", multivalued: true, values: []string{"o-abc123def4/r-ab12/ou-ab12-11111111/", "o-abc123def4/r-ab12/ou-ab12-22222222/"}},
		{name: "aws:TagKeys", family: "String", multivalued: true, values: []string{"team", "env", "Team"}, actions: []string{"CreateTable", "TagResource", "UntagResource"}},
		{name: "aws:RequestTag/team", family: "String", values: []string{"data", "ml"}, actions: []string{"CreateTable", "TagResource"}},
		{name: "dynamodb:LeadingKeys", family: "String", multivalued: true, values: []string{"alice", "bob", "data", "user#alice"}, actions: itemActions},
		{name: "dynamodb:Attributes", family: "String", multivalued: true, values: []string{"id", "name", "salary"}, actions: append([]string{"Scan"}, itemActions...)},
		{name: "dynamodb:Select", family: "String", values: []string{"SPECIFIC_ATTRIBUTES", "ALL_ATTRIBUTES", "COUNT"}, actions: []string{"BatchGetItem", "GetItem", "PartiQLSelect", "Query", "Scan"}},
		{name: "dynamodb:ReturnValues", family: "String", values: []string{"NONE", "ALL_OLD"}, actions: []string{"DeleteItem", "PutItem", "UpdateItem"}},
		{name: "dynamodb:FullTableScan", family: "Bool", values: []string{"true", "false"}, actions: []string{"PartiQLSelect"}},
		{name: "dynamodb:EnclosingOperation", family: "String", values: []string{"TransactWriteItems", "TransactGetItems"}, actions: []string{"DeleteItem", "GetItem", "PutItem", "UpdateItem"}},
	}
)

// carried reports whether a request of the case's action can carry the key.
func (g *generator) carried(k key) bool {
	switch {
	case k.name == "aws:ResourceTag/team":
		return strings.Contains(g.resource, ":table/") && !strings.Contains(g.resource, "/backup/") &&
			!strings.Contains(g.resource, "/export/") && !strings.Contains(g.resource, "/import/")
	case k.actions == nil:
		return true
	}
	return g.service == "dynamodb" && slices.Contains(k.actions, g.name)
}

// said is the value of a key that follows from the rest of the request, "" where a request carries none.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (g *generator) said(name string) (value string, ok bool) {
	switch strings.ToLower(name) {
	case "aws:principalarn":
		if strings.Contains(g.principal, ":assumed-role/") {
			return "arn:" + g.partition + ":iam::" + g.self + ":role/app", true
		}
		return g.principal, true
	case "aws:principalaccount":
		return g.self, true
	case "aws:requestedregion":
		return g.region, true
	case "aws:username":
		if strings.Contains(g.principal, ":user/") {
			return "alice", true
		}
		return "", true
	}
	return "", false
}

func (g *generator) drawContext() {
	g.context = map[string]List{}
	often := pick(g, 45, 45, 45, 8) // some requests carry few keys
	for _, k := range keys {
		value, said := g.said(k.name)
		if said && value == "" || !said && (!g.carried(k) || !g.chance(often)) {
			continue
		}
		name := k.name
		if g.chance(8) {
			name = g.mangle(name)
		}
		if !k.multivalued {
			if !said {
				value = pick(g, k.values...)
			}
			g.context[name] = List{Values: []string{value}, Bare: true}
			continue
		}
		var values []string
		for range 1 + g.IntN(2) {
			values = append(values, pick(g, k.values...))
		}
		if g.chance(5) {
			values = []string{""}
		}
		g.context[name] = List{Values: values}
	}
}

// value is what the request carries for a key, nil when it carries none.
func (g *generator) value(name string) []string {
	for k, v := range g.context { // no two keys are equal but for case
		if strings.EqualFold(k, name) {
			return v.Values
		}
	}
	return nil
}
