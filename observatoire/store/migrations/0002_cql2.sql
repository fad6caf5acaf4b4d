-- What filters (CQL2) call. In schema public, for all audiences; immutable, so that expression indexes can rest on them.

-- Full case folding by upper, then lower case, of Unicode whatever the database's locale: Straße = STRASSE, ΟΔΟΣ = οδος.
-- The capital ẞ has no upper case of two letters, the final sigma is a sigma (CaseFolding.txt of Unicode).
CREATE OR REPLACE FUNCTION public.obs_casei(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT replace(replace(lower(upper(normalize(value) COLLATE "und-x-icu")), 'ß', 'ss'), 'ς', 'σ') $$;

-- unaccent(text) is only STABLE, since it looks its dictionary up by search_path; with the dictionary named it is not.
-- Composed first: a letter followed by a combining accent is that letter with its accent.
CREATE OR REPLACE FUNCTION public.obs_accenti(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT public.unaccent('public.unaccent'::regdictionary, normalize(value)) $$;

-- Power: NULL where the result is not a number or out of range (PostgreSQL raises there), 0 where it is too small.
-- exp(709.78) < 1.797e308, the largest double; exp(-708.39) > 2.226e-308, the smallest normal one (IEEE 754).
CREATE OR REPLACE FUNCTION public.obs_power(base float8, exponent float8) RETURNS float8
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT CASE
        WHEN exponent = 0 THEN 1
        WHEN base = 0 THEN CASE WHEN exponent > 0 THEN 0 END
        WHEN base < 0 AND exponent <> trunc(exponent) THEN NULL
        WHEN abs(base) = 'Infinity' OR abs(exponent) = 'Infinity' OR base = 'NaN' OR exponent = 'NaN' THEN NULL
        WHEN abs(exponent) < 1e-300 THEN 1
        WHEN abs(base) <> 1 AND abs(exponent) > 1e300 THEN CASE WHEN (abs(base) < 1) = (exponent > 0) THEN 0 END
        WHEN exponent * ln(abs(base)) > 709.78 THEN NULL
        WHEN exponent * ln(abs(base)) < -708.39 THEN 0
        ELSE power(base, exponent) END $$;

-- Remainder and whole quotient of two numbers as they are written (5.3 % 0.1 is 0), truncated towards zero; NULL by zero.
CREATE OR REPLACE FUNCTION public.obs_mod(dividend float8, divisor float8) RETURNS float8
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT CASE WHEN divisor <> 0 THEN mod(dividend::text::numeric, divisor::text::numeric)::float8 END $$;

CREATE OR REPLACE FUNCTION public.obs_div(dividend float8, divisor float8) RETURNS float8
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT CASE
        WHEN abs(dividend) = 'Infinity' OR dividend = 'NaN' OR divisor = 'NaN' THEN NULL
        WHEN abs(divisor) = 'Infinity' THEN 0
        WHEN divisor <> 0 AND (abs(divisor) >= 1 OR abs(dividend) < 1e300 * abs(divisor))
            THEN div(dividend::text::numeric, divisor::text::numeric)::float8 END $$;

GRANT EXECUTE ON FUNCTION public.obs_casei(text), public.obs_accenti(text), public.obs_power(float8, float8),
    public.obs_mod(float8, float8), public.obs_div(float8, float8) TO PUBLIC;
