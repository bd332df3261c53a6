package facts

import "dynamoguard/internal/resource"

// AccessKey is the type of the long-term credentials of a user.
const AccessKey = "aws:iam/accessKey:AccessKey"

// keyOf is the user of an access key. The aws-native provider makes no keys.
var keyOf = Reference{"user", KindUser}

// KeyReads returns the type of access keys, and the pattern of the property that names their user.
func KeyReads() map[string][]string { return map[string][]string{AccessKey: {keyOf.Property}} }

// AccessKeys returns the access keys of the users of the stack that it makes, by the URN of the user, in the order of the stack.
func (g *Graph) AccessKeys() map[resource.URN][]resource.URN {
	keys := map[resource.URN][]resource.URN{}
	for _, r := range g.Resources {
		if r.Type != AccessKey {
			continue
		}
		targets, _ := g.Resolve(r, keyOf, new(resource.Log))
		for _, t := range targets {
			if t.Declared != nil {
				keys[t.Declared.URN] = append(keys[t.Declared.URN], r.URN)
			}
		}
	}
	return keys
}
