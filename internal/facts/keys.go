package facts

import "dynamoguard/internal/resource"

// AccessKey is the type of the long-term credentials of a user.
const AccessKey = "aws:iam/accessKey:AccessKey"

// accessKeys are the types of access keys, and the reference to their user.
var accessKeys = map[string]Reference{
	AccessKey:                  {"user", KindUser},
	"aws-native:iam:AccessKey": {"userName", KindUser},
}

// KeyReads returns the types of access keys, and the patterns of the properties that name their user.
func KeyReads() map[string][]string {
	reads := map[string][]string{}
	for typ, ref := range accessKeys {
		reads[typ] = []string{ref.Property}
	}
	return reads
}

// AccessKeys returns the access keys of the users of the stack that it makes, by the URN of the user, in the order of the stack.
func (g *Graph) AccessKeys() map[resource.URN][]resource.URN {
	keys := map[resource.URN][]resource.URN{}
	for _, r := range g.Resources {
		ref, ok := accessKeys[r.Type]
		if !ok {
			continue
		}
		targets, _ := g.Resolve(r, ref, new(resource.Log))
		for _, t := range targets {
			if t.Declared != nil {
				keys[t.Declared.URN] = append(keys[t.Declared.URN], r.URN)
			}
		}
	}
	return keys
}
