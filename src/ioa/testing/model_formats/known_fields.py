"""The fields that the services know, and so refuse others. The tests hold them against the services' own packages."""

from __future__ import annotations

_CHAT_FIELDS = """
audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages
metadata modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier
stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity
web_search_options
"""
_RESPONSES_FIELDS = """
access_programs background background_options context_management conversation image include input instructions
max_output_tokens max_tool_calls metadata model moderation parallel_tool_calls previous_response_id prompt
prompt_cache_key prompt_cache_options prompt_cache_retention reasoning safety_identifier service_tier store
stream stream_options temperature text tool_choice tools top_logprobs top_p truncation user
"""
# Items of the input that stand in the transcript as their kind in brackets.
_RESPONSES_HOSTED_ITEMS = """
additional_tools apply_patch_call apply_patch_call_output code_interpreter_call compaction compaction_trigger
computer_call computer_call_output configuration_update file_search_call image_generation_call item_reference
local_shell_call local_shell_call_output mcp_approval_request mcp_approval_response mcp_call mcp_list_tools
program program_output shell_call shell_call_output tool_search_call tool_search_output web_search_call
"""
_ANTHROPIC_FIELDS = """
billing_policy cache_control compaction container context_management diagnostics fallback_credit_token fallbacks
inference_geo max_tokens mcp_servers messages metadata model output_config output_format service_tier speed
stop_sequences stream system temperature thinking thread tool_choice tools top_k top_p user_profile_id
workspace_id
"""
_GEMINI_FIELDS = """
cachedContent contents generationConfig labels model safetySettings serviceTier store systemInstruction
toolConfig tools
"""

CHAT_FIELDS = frozenset(_CHAT_FIELDS.split())
RESPONSES_FIELDS = frozenset(_RESPONSES_FIELDS.split())
RESPONSES_HOSTED_ITEMS = frozenset(_RESPONSES_HOSTED_ITEMS.split())
ANTHROPIC_FIELDS = frozenset(_ANTHROPIC_FIELDS.split())
GEMINI_FIELDS = frozenset(_GEMINI_FIELDS.split())
