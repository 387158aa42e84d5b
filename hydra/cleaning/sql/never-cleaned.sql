CREATE OR REPLACE FUNCTION pg_temp.cleaned_before(of_table text, of_key text, of_column text, t text) RETURNS boolean LANGUAGE sql AS
'SELECT false';
