package facts

import (
	"strings"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// The types of VPC endpoints.
const (
	VPCEndpoint       = "aws:ec2/vpcEndpoint:VpcEndpoint"
	VPCEndpointPolicy = "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy"
	NativeVPCEndpoint = "aws-native:ec2:VpcEndpoint"
)

// endpoints are the types that declare VPC endpoints: the service, the policy, and what ends in the id.
var endpoints = map[string]struct{ service, policy, id string }{
	VPCEndpoint:       {"serviceName", "policy", "arn"},
	NativeVPCEndpoint: {"serviceName", "policyDocument", "awsId"},
}

// endpointIDs are the properties that end in the id of an endpoint, by type.
var endpointIDs = map[string]string{VPCEndpoint: endpoints[VPCEndpoint].id, NativeVPCEndpoint: endpoints[NativeVPCEndpoint].id}

// An endpointPolicy is declared beside its endpoint, whose own policy it replaces.
var endpointPolicy = struct{ endpoint, policy string }{"vpcEndpointId", "policy"}

// EndpointReads returns the types that say who may use an endpoint for what, and the properties by which they do.
func EndpointReads() map[string][]string {
	reads := map[string][]string{VPCEndpointPolicy: {endpointPolicy.endpoint, endpointPolicy.policy}}
	for typ, shape := range endpoints {
		reads[typ] = []string{shape.service, shape.policy, shape.id}
	}
	return reads
}

// An Endpoint is a VPC endpoint.
type Endpoint struct {
	URN resource.URN
	// Service is the property that names what the endpoint leads to.
	Service string
	// Holder has the endpoint's policy, in the property Policy: the endpoint, or a resource beside it.
	Holder resource.URN
	Policy string
	// Unknown are the places by which another resource may be the holder, and that are not known yet.
	Unknown []Place
}

// Endpoints returns the VPC endpoints of the stack.
func (g *Graph) Endpoints() (list []Endpoint) {
	beside := map[resource.URN]resource.URN{}
	var unknown []Place
	for _, r := range g.Resources {
		if r.Type != VPCEndpointPolicy {
			continue
		}
		var log resource.Log
		if of := g.byID(r, endpointPolicy.endpoint, endpointIDs, &log); of != nil {
			beside[of.URN] = r.URN
			continue
		}
		for _, path := range log.Unknown {
			unknown = append(unknown, Place{r.URN, path})
		}
	}
	for _, r := range g.Resources {
		shape, ok := endpoints[r.Type]
		if !ok {
			continue
		}
		e := Endpoint{URN: r.URN, Service: shape.service, Holder: r.URN, Policy: shape.policy, Unknown: unknown}
		if urn, ok := beside[r.URN]; ok {
			e.Holder, e.Policy, e.Unknown = urn, endpointPolicy.policy, nil
		}
		list = append(list, e)
	}
	return list
}

// IsDynamoDB reports whether a service of VPC endpoints is DynamoDB or its streams: com.amazonaws.us-east-1.dynamodb.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html
func IsDynamoDB(service string) bool {
	name := service[strings.LastIndexByte(service, '.')+1:]
	return name == "dynamodb" || strings.HasPrefix(name, "dynamodb-")
}

// FullAccess returns the statement of an endpoint's policy that lets everyone do everything on all tables of every account, nil where
// there is none. A Deny may take back any of it, which is not looked into.
//
// Source: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html#default-endpoint-policy
func FullAccess(d *iam.Document) *iam.Statement {
	all := iam.MatchActions("dynamodb:*")
	for i := range d.Statements {
		if d.Statements[i].Effect == iam.Deny {
			return nil
		}
	}
	for i := range d.Statements {
		st := &d.Statements[i]
		anyone, everywhere := false, false
		for _, one := range st.Principal.List {
			anyone = anyone || one.Anyone() && !st.Principal.Not
		}
		for _, pattern := range st.Resource.Texts {
			everywhere = everywhere || everyTable(pattern) && !st.Resource.Not
		}
		if anyone && everywhere && len(st.Conditions) == 0 && st.Actions().Contains(all) {
			return st
		}
	}
	return nil
}

// everyTable reports whether a pattern of ARNs matches all tables of every account, in some region.
func everyTable(pattern string) bool {
	table := func(account, name string) tables.Identity {
		return tables.Identity{Account: tables.Part{Known: account}, Name: name}
	}
	return mayName(pattern, table("000000000000", "abc")) && mayName(pattern, table("999999999999", "Z_9"))
}
