package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// authorize checks a request's token; the status is 200, 401 or 403.
func (g *Gateway) authorize(r *http.Request, match *route) (*jwtContext, int) {
	a := match.authorizer
	token := identity(r, a.IdentitySource)
	if token == "" {
		return nil, http.StatusUnauthorized
	}
	from := g.issuers[a.Issuer]
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		return from.key(r.Context(), id)
	}, jwt.WithValidMethods([]string{"RS256", "RS384", "RS512"}), jwt.WithIssuer(a.Issuer), jwt.WithExpirationRequired(), jwt.WithTimeFunc(g.options.Clock))
	if err != nil || !audience(claims, a.Audience) {
		return nil, http.StatusUnauthorized
	}
	out := &jwtContext{Claims: map[string]string{}}
	for name, value := range claims {
		out.Claims[name] = claimText(value)
	}
	held := strings.Fields(out.Claims["scope"])
	if len(held) == 0 {
		held = strings.Fields(out.Claims["scp"])
	}
	if len(match.scopes) > 0 {
		for _, s := range match.scopes {
			if slices.Contains(held, s) {
				out.Scopes = append(out.Scopes, s)
			}
		}
		if len(out.Scopes) == 0 {
			return nil, http.StatusForbidden
		}
	}
	return out, http.StatusOK
}

func identity(r *http.Request, source string) string {
	if name, ok := strings.CutPrefix(source, "$request.querystring."); ok {
		return r.URL.Query().Get(name)
	}
	value := r.Header.Get(strings.TrimPrefix(source, "$request.header."))
	if scheme, token, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return value
}

// audience accepts a token whose aud, or client_id where it has no aud, is one of the wanted.
func audience(claims jwt.MapClaims, wanted []string) bool {
	have, err := claims.GetAudience()
	if err != nil {
		return false
	}
	if len(have) == 0 {
		if id, ok := claims["client_id"].(string); ok {
			have = append(have, id)
		}
	}
	return slices.ContainsFunc(have, func(a string) bool { return slices.Contains(wanted, a) })
}

func claimText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		b, _ := json.Marshal(v)
		if v == float64(int64(v)) {
			return fmt.Sprint(int64(v))
		}
		return string(b)
	case []any:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = claimText(p)
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	b, _ := json.Marshal(v)
	return string(b)
}
