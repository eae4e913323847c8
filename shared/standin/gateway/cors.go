package gateway

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/standin/sam"
)

// preflight answers a browser's question itself, as API Gateway does even where a route takes OPTIONS.
func preflight(w http.ResponseWriter, r *http.Request, c *sam.CORS) bool {
	origin := r.Header.Get("Origin")
	if r.Method != http.MethodOptions || origin == "" || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	if allowed := allowedOrigin(c, origin); allowed != "" {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", allowed)
		set := func(name string, values []string) {
			if len(values) > 0 {
				h.Set(name, strings.Join(values, ","))
			}
		}
		set("Access-Control-Allow-Methods", c.AllowMethods)
		set("Access-Control-Allow-Headers", c.AllowHeaders)
		set("Access-Control-Expose-Headers", c.ExposeHeaders)
		if c.MaxAge != 0 {
			h.Set("Access-Control-Max-Age", strconv.Itoa(int(c.MaxAge.Seconds())))
		}
		if c.AllowCredentials {
			h.Set("Access-Control-Allow-Credentials", "true")
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// addCORS adds what a browser needs to see an answer.
func (g *Gateway) addCORS(w http.ResponseWriter, r *http.Request) {
	c, origin := g.api.CORS, r.Header.Get("Origin")
	if c == nil || origin == "" {
		return
	}
	allowed := allowedOrigin(c, origin)
	if allowed == "" {
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", allowed)
	if len(c.ExposeHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(c.ExposeHeaders, ","))
	}
	if c.AllowCredentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
}

func allowedOrigin(c *sam.CORS, origin string) string {
	for _, o := range c.AllowOrigins {
		scheme, isAnyHost := strings.CutSuffix(o, "*")
		switch {
		case o == "*":
			return "*"
		case o == origin, isAnyHost && strings.HasSuffix(scheme, "://") && strings.HasPrefix(origin, scheme):
			return origin
		}
	}
	return ""
}
